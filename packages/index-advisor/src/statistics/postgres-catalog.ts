/**
 * The queries of `brisk statistics export` on PostgreSQL 12 to 18. Each reads catalogs and statistics views alone,
 * never a table of the user's. Arrays come as JSON, because drivers disagree about arrays.
 */

const userRelations = `
  n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
  and n.nspname !~ '^pg_(temp|toast_temp)_'
  and c.relpersistence <> 't'
  and not exists (
    select from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e'
  )`

export const plannerSettings: readonly string[] = [
  'seq_page_cost',
  'random_page_cost',
  'cpu_tuple_cost',
  'cpu_index_tuple_cost',
  'cpu_operator_cost',
  'parallel_setup_cost',
  'parallel_tuple_cost',
  'min_parallel_table_scan_size',
  'min_parallel_index_scan_size',
  'max_parallel_workers_per_gather',
  'max_parallel_workers',
  'effective_cache_size',
  'effective_io_concurrency',
  'work_mem',
  'hash_mem_multiplier',
  'default_statistics_target',
  'constraint_exclusion',
  'cursor_tuple_fraction',
  'from_collapse_limit',
  'join_collapse_limit',
  'geqo',
  'geqo_threshold',
  'parallel_leader_participation',
  'recursive_worktable_factor',
  'search_path',
  'enable_async_append',
  'enable_bitmapscan',
  'enable_gathermerge',
  'enable_hashagg',
  'enable_hashjoin',
  'enable_incremental_sort',
  'enable_indexonlyscan',
  'enable_indexscan',
  'enable_material',
  'enable_memoize',
  'enable_mergejoin',
  'enable_nestloop',
  'enable_parallel_append',
  'enable_parallel_hash',
  'enable_partition_pruning',
  'enable_partitionwise_aggregate',
  'enable_partitionwise_join',
  'enable_presorted_aggregate',
  'enable_seqscan',
  'enable_sort',
  'enable_tidscan',
]

export const serverQuery = `
  select current_setting('server_version_num')::int as version, current_setting('server_version') as name,
         current_schema() as default_schema, current_setting('block_size')::int as block_size`

export const settingsQuery = `
  select name, current_setting(name) as value from pg_catalog.pg_settings where name = any ($1::text[]) order by name`

export const extensionsQuery = `
  select e.extname as name, n.nspname as schema
  from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
  where e.extname <> 'plpgsql' order by 1`

export const typesQuery = `
  select t.typtype as kind, n.nspname as schema, t.typname as name,
         pg_catalog.format_type(t.typbasetype, t.typtypmod) as base,
         (select pg_catalog.json_agg(e.enumlabel order by e.enumsortorder)
            from pg_catalog.pg_enum e where e.enumtypid = t.oid) as labels
  from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
  where t.typtype in ('e', 'd') and n.nspname not in ('pg_catalog', 'information_schema')
    and not exists (
      select from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass and d.objid = t.oid and d.deptype = 'e'
    )
  order by t.oid`

export const tablesQuery = `
  select c.oid::text as oid, n.nspname as schema, c.relname as name, c.relkind as kind,
         case when c.relkind = 'p' then 0 else pg_catalog.pg_relation_size(c.oid) end as bytes,
         c.relpages as analysed_pages, c.reltuples as rows, c.relallvisible as all_visible,
         case when c.relkind = 'p' then pg_catalog.pg_get_partkeydef(c.oid) end as partition_key,
         pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_bound,
         pn.nspname as parent_schema, p.relname as parent_name,
         pg_catalog.has_table_privilege(c.oid, 'SELECT') and not pg_catalog.row_security_active(c.oid) as is_readable,
         s.n_tup_ins as inserted, s.n_tup_upd as updated, s.n_tup_hot_upd as hot_updated, s.n_tup_del as deleted,
         s.seq_scan as scans, s.idx_scan as index_scans, s.n_mod_since_analyze as changed
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_inherits i on i.inhrelid = c.oid and i.inhseqno = 1
  left join pg_catalog.pg_class p on p.oid = i.inhparent
  left join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
  left join pg_catalog.pg_stat_all_tables s on s.relid = c.oid
  where c.relkind in ('r', 'p') and ${userRelations}
    and ($1::text[] is null or n.nspname = any ($1::text[]))
  order by 2, 3`

/** The database's own provider of collations is a column since 15. */
export function columnsQuery(version: number): string {
  const databaseIsC = version >= 150000 ? `d.datlocprovider = 'b' or d.datlocprovider = 'c' and` : ''
  return `
  select a.attrelid::text as oid, a.attname as name, pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
         x.extname as extension, not a.attnotnull as is_nullable,
         case
           when a.attcollation = 0 then null
           when col.collprovider = 'b' or col.collprovider = 'c' and col.collcollate in ('C', 'POSIX') then 'C'
           when col.collprovider = 'd' and (${databaseIsC} d.datcollate in ('C', 'POSIX')) then 'C'
           else 'other'
         end as collation
  from pg_catalog.pg_attribute a
  join pg_catalog.pg_class c on c.oid = a.attrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_type t on t.oid = a.atttypid
  join pg_catalog.pg_database d on d.datname = pg_catalog.current_database()
  left join pg_catalog.pg_collation col on col.oid = a.attcollation
  left join pg_catalog.pg_depend dep
    on dep.classid = 'pg_catalog.pg_type'::pg_catalog.regclass and dep.deptype = 'e'
    and dep.objid = case when t.typelem <> 0 and t.typlen = -1 then t.typelem else t.oid end
  left join pg_catalog.pg_extension x on x.oid = dep.refobjid
  where c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped and ${userRelations}
    and ($1::text[] is null or n.nspname = any ($1::text[]))
  order by a.attrelid, a.attnum`
}

/** Of tables and, for expressions, of indexes. Ranges have statistics of their own since 17. */
export function valuesQuery(version: number, values: boolean): string {
  const value = (column: string) => (values ? `s.${column}::text` : 'null::text')
  const range = (column: string) => (version >= 170000 ? value(column) : 'null::text')
  return `
  select s.schemaname as schema, s.tablename as relation, s.attname as name, s.inherited,
         s.null_frac as null_fraction, s.avg_width as average_width, s.n_distinct as distinct_values, s.correlation,
         ${value('most_common_vals')} as common_values, pg_catalog.to_json(s.most_common_freqs) as common_frequencies,
         ${value('histogram_bounds')} as histogram,
         ${value('most_common_elems')} as element_values,
         pg_catalog.to_json(s.most_common_elem_freqs) as element_frequencies,
         pg_catalog.to_json(s.elem_count_histogram) as element_count_histogram,
         ${range('range_length_histogram')} as range_length_histogram,
         ${version >= 170000 ? 's.range_empty_frac' : 'null::real'} as range_empty_fraction,
         ${range('range_bounds_histogram')} as range_bounds_histogram
  from pg_catalog.pg_stats s
  where s.schemaname not in ('pg_catalog', 'information_schema')
    and ($1::text[] is null or s.schemaname = any ($1::text[]))`
}

export const indexesQuery = `
  select x.indrelid::text as oid, n.nspname as schema, c.relname as name,
         pg_catalog.pg_get_indexdef(x.indexrelid) as definition, am.amname as method,
         x.indisunique as is_unique, x.indisprimary as is_primary, x.indisvalid and x.indisready as is_valid,
         exists (select from pg_catalog.pg_constraint k where k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x'))
           as is_constraint,
         (select pg_catalog.json_agg(a.attname order by k.position)
            from pg_catalog.unnest(x.indkey::int2[]) with ordinality k (attnum, position)
            left join pg_catalog.pg_attribute a on a.attrelid = x.indrelid and a.attnum = k.attnum and k.attnum <> 0
           where k.position <= x.indnkeyatts) as keys,
         (select pg_catalog.json_agg(a.attname order by k.position)
            from pg_catalog.unnest(x.indkey::int2[]) with ordinality k (attnum, position)
            join pg_catalog.pg_attribute a on a.attrelid = x.indrelid and a.attnum = k.attnum
           where k.position > x.indnkeyatts) as include,
         (select pg_catalog.json_agg(a.attname order by a.attnum)
            from pg_catalog.pg_attribute a where a.attrelid = x.indexrelid) as attributes,
         pg_catalog.pg_get_expr(x.indpred, x.indrelid) as predicate,
         case when c.relkind = 'I' then 0 else pg_catalog.pg_relation_size(c.oid) end as bytes,
         c.relpages as analysed_pages, c.reltuples as rows, s.idx_scan as scans,
         (select o.option_value from pg_catalog.pg_options_to_table(c.reloptions) o
           where o.option_name = 'fillfactor') as fillfactor,
         pn.nspname as parent_schema, p.relname as parent_name
  from pg_catalog.pg_index x
  join pg_catalog.pg_class c on c.oid = x.indexrelid
  join pg_catalog.pg_class t on t.oid = x.indrelid
  join pg_catalog.pg_namespace n on n.oid = t.relnamespace
  join pg_catalog.pg_am am on am.oid = c.relam
  left join pg_catalog.pg_inherits i on i.inhrelid = c.oid
  left join pg_catalog.pg_class p on p.oid = i.inhparent
  left join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
  left join pg_catalog.pg_stat_all_indexes s on s.indexrelid = x.indexrelid
  where t.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
    and ($1::text[] is null or n.nspname = any ($1::text[]))
  order by x.indrelid, c.relname`

export const foreignKeysQuery = `
  select k.conrelid::text as oid, k.conname as name, pg_catalog.pg_get_constraintdef(k.oid) as definition
  from pg_catalog.pg_constraint k
  where k.contype = 'f' and k.conparentid = 0
  order by k.conrelid, k.conname`

/** Policies that decide which rows a SELECT sees; a row without a name: row level security is on. */
export const policiesQuery = `
  select c.oid::text as oid, p.polname as name, p.polpermissive as is_permissive,
         pg_catalog.pg_get_expr(p.polqual, p.polrelid) as using_expression
  from pg_catalog.pg_class c
  left join pg_catalog.pg_policy p on p.polrelid = c.oid and p.polcmd in ('*', 'r')
  where c.relrowsecurity
  order by c.oid, p.polname`

export const extendedStatisticsQuery = `
  select e.stxrelid::text as oid, e.stxname as name, pg_catalog.pg_get_statisticsobjdef(e.oid) as definition,
         'm' = any (e.stxkind) as has_common_values,
         s.n_distinct::text as distinct_values, s.dependencies::text as dependencies
  from pg_catalog.pg_statistic_ext e
  join pg_catalog.pg_namespace n on n.oid = e.stxnamespace
  left join pg_catalog.pg_stats_ext s on s.statistics_schemaname = n.nspname and s.statistics_name = e.stxname
  order by e.stxrelid, e.stxname`
