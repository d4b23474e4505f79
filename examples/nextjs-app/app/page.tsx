export default function Home() {
  return (
    <p>
      <a href="/api/users">/api/users</a>, <a href="/api/users/1">/api/users/1</a>,{' '}
      <a href="/api/stats">/api/stats</a>
    </p>
  )
}
