/**
 * The part of TypeScript's library that types pass through on their way to a Prisma Client: promises, arrays, maps,
 * utility types. The real one is 20 times as much to parse, and nothing here is reported as a type error.
 */
export const BASE_LIBRARY = `
interface Object { }
interface Function { }
interface CallableFunction extends Function { bind(this: any, thisArg: any, ...args: any[]): any }
interface NewableFunction extends Function { }
interface IArguments { }
interface String { readonly length: number; [index: number]: string; split(by: any): string[]; trim(): string; toLowerCase(): string; toUpperCase(): string; slice(a?: number, b?: number): string; replace(a: any, b: any): string; substring(a: number, b?: number): string; startsWith(a: string): boolean; includes(a: string): boolean; padStart(a: number, b?: string): string; concat(...a: string[]): string }
interface Number { toFixed(n?: number): string; toString(n?: number): string }
interface Boolean { }
interface Symbol { }
interface BigInt { }
interface RegExp { test(s: string): boolean; exec(s: string): any; readonly $briskRegExp: true }
interface TemplateStringsArray extends ReadonlyArray<string> { readonly raw: readonly string[] }
interface ImportMeta { }
interface Date { getTime(): number; toISOString(): string; setDate(n: number): number; getDate(): number; valueOf(): number; readonly $briskDate: true }
interface DateConstructor { new (...args: any[]): Date; now(): number; (): string }
declare var Date: DateConstructor
interface Uint8Array { readonly length: number; readonly $briskBytes: true }
interface SymbolConstructor { readonly iterator: unique symbol; readonly asyncIterator: unique symbol; (name?: string): symbol; for(name: string): symbol }
declare var Symbol: SymbolConstructor
interface IteratorResult<T> { done?: boolean; value: T }
interface Iterator<T> { next(): IteratorResult<T> }
interface Iterable<T> { [Symbol.iterator](): Iterator<T> }
interface IterableIterator<T> extends Iterator<T> { [Symbol.iterator](): IterableIterator<T> }
interface AsyncIterable<T> { [Symbol.asyncIterator](): any }
interface AsyncIterator<T> { next(): Promise<IteratorResult<T>> }
interface AsyncIterableIterator<T> extends AsyncIterator<T> { [Symbol.asyncIterator](): AsyncIterableIterator<T> }
interface Generator<T = unknown, R = any, N = unknown> extends IterableIterator<T> { }
interface AsyncGenerator<T = unknown, R = any, N = unknown> extends AsyncIterableIterator<T> { }
interface ArrayLike<T> { readonly length: number; readonly [index: number]: T }
interface ReadonlyArray<T> extends Iterable<T> {
  readonly length: number; readonly [index: number]: T
  map<U>(fn: (value: T, index: number, array: readonly T[]) => U): U[]
  flatMap<U>(fn: (value: T, index: number) => U | readonly U[]): U[]
  filter(fn: (value: T, index: number) => unknown): T[]
  forEach(fn: (value: T, index: number) => void): void
  find(fn: (value: T, index: number) => unknown): T | undefined
  some(fn: (value: T) => unknown): boolean; every(fn: (value: T) => unknown): boolean
  reduce<U>(fn: (sum: U, value: T, index: number) => U, start: U): U
  slice(a?: number, b?: number): T[]; concat(...more: any[]): T[]; includes(value: any): boolean; indexOf(value: any): number; join(by?: string): string
  at(index: number): T | undefined; entries(): IterableIterator<[number, T]>; keys(): IterableIterator<number>; values(): IterableIterator<T>
}
interface Array<T> extends ReadonlyArray<T> {
  length: number; [index: number]: T
  map<U>(fn: (value: T, index: number, array: T[]) => U): U[]
  push(...items: T[]): number; pop(): T | undefined; shift(): T | undefined; unshift(...items: T[]): number
  sort(fn?: (a: T, b: T) => number): this; reverse(): T[]; splice(at: number, n?: number, ...items: T[]): T[]; fill(value: T): this
}
interface ArrayConstructor { new <T>(...items: T[]): T[]; isArray(value: any): value is any[]; from<T, U = T>(source: Iterable<T> | ArrayLike<T>, fn?: (value: T, index: number) => U): U[]; of<T>(...items: T[]): T[] }
declare var Array: ArrayConstructor
interface PromiseLike<T> { then<A = T, B = never>(done?: ((value: T) => A | PromiseLike<A>) | null, failed?: ((reason: any) => B | PromiseLike<B>) | null): PromiseLike<A | B> }
interface Promise<T> {
  then<A = T, B = never>(done?: ((value: T) => A | PromiseLike<A>) | null, failed?: ((reason: any) => B | PromiseLike<B>) | null): Promise<A | B>
  catch<B = never>(failed?: ((reason: any) => B | PromiseLike<B>) | null): Promise<T | B>
  finally(fn?: (() => void) | null): Promise<T>
}
interface PromiseConstructor { new <T>(fn: (resolve: (value: T | PromiseLike<T>) => void, reject: (reason?: any) => void) => void): Promise<T>; resolve<T>(value?: T): Promise<Awaited<T>>; reject<T = never>(reason?: any): Promise<T>; all<T extends readonly unknown[] | []>(values: T): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }>; allSettled(values: any): Promise<any[]>; race<T>(values: readonly T[]): Promise<Awaited<T>> }
declare var Promise: PromiseConstructor
interface Map<K, V> extends Iterable<[K, V]> { get(key: K): V | undefined; set(key: K, value: V): this; has(key: K): boolean; delete(key: K): boolean; values(): IterableIterator<V>; keys(): IterableIterator<K>; entries(): IterableIterator<[K, V]>; forEach(fn: (value: V, key: K) => void): void; readonly size: number; clear(): void }
interface MapConstructor { new <K = any, V = any>(entries?: Iterable<readonly [K, V]> | null): Map<K, V> }
declare var Map: MapConstructor
interface WeakMap<K, V> { get(key: K): V | undefined; set(key: K, value: V): this; has(key: K): boolean; delete(key: K): boolean }
interface WeakMapConstructor { new <K = any, V = any>(entries?: any): WeakMap<K, V> }
declare var WeakMap: WeakMapConstructor
interface Set<T> extends Iterable<T> { add(value: T): this; has(value: T): boolean; delete(value: T): boolean; readonly size: number; values(): IterableIterator<T>; forEach(fn: (value: T) => void): void }
interface SetConstructor { new <T = any>(values?: Iterable<T> | null): Set<T> }
declare var Set: SetConstructor
interface Error { name: string; message: string; stack?: string }
interface ErrorConstructor { new (message?: string, options?: any): Error; (message?: string): Error }
declare var Error: ErrorConstructor
interface ObjectConstructor { assign<T, U>(target: T, source: U): T & U; freeze<T>(value: T): Readonly<T>; keys(value: any): string[]; values(value: any): any[]; entries(value: any): [string, any][]; fromEntries(value: any): any }
declare var Object: ObjectConstructor
declare function Number(value?: any): number
declare function String(value?: any): string
declare function Boolean(value?: any): boolean
declare function BigInt(value?: any): bigint
declare function parseInt(value: any, radix?: number): number
declare function structuredClone<T>(value: T): T
type Partial<T> = { [P in keyof T]?: T[P] }
type Required<T> = { [P in keyof T]-?: T[P] }
type Readonly<T> = { readonly [P in keyof T]: T[P] }
type Pick<T, K extends keyof T> = { [P in K]: T[P] }
type Record<K extends keyof any, T> = { [P in K]: T }
type Exclude<T, U> = T extends U ? never : T
type Extract<T, U> = T extends U ? T : never
type Omit<T, K extends keyof any> = Pick<T, Exclude<keyof T, K>>
type NonNullable<T> = T & {}
type Parameters<T extends (...args: any) => any> = T extends (...args: infer P) => any ? P : never
type ConstructorParameters<T extends abstract new (...args: any) => any> = T extends abstract new (...args: infer P) => any ? P : never
type ReturnType<T extends (...args: any) => any> = T extends (...args: any) => infer R ? R : any
type InstanceType<T extends abstract new (...args: any) => any> = T extends abstract new (...args: any) => infer R ? R : any
type ThisType<T> = {}
type Awaited<T> = T extends null | undefined ? T : T extends object & { then(done: infer F, ...rest: infer _): any } ? F extends (value: infer V, ...rest: infer _) => any ? Awaited<V> : never : T
interface PropertyDescriptor { value?: any }
interface TypedPropertyDescriptor<T> { value?: T }
type ClassDecorator = any
type PropertyDecorator = any
type MethodDecorator = any
type ParameterDecorator = any
declare var process: any
declare var console: any
declare function require(name: string): any
declare namespace NodeJS { interface Global { [name: string]: any } type Timeout = any }
`
