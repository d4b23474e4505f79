import { render } from 'preact'
import { App } from './app.tsx'
import { requestList } from './hub/request-list.ts'
import { showTheme } from './state/settings.ts'
import './style/base.css'
import './style/frame.css'
import './style/list.css'
import './style/request.css'
import './style/parts.css'

showTheme()
requestList.open()
render(<App />, document.querySelector('#app') as HTMLElement)
