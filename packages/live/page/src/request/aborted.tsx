/** That nobody waited for the response any more. */
export function Aborted() {
  return (
    <section aria-labelledby="aborted-title">
      <h3 id="aborted-title">Aborted</h3>
      <p class="soft">
        The caller hung up before the response was whole: its status never left, or broke off.
      </p>
    </section>
  )
}
