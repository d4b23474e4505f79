import theme from 'vitepress/theme'
import './code.css'
import './home.css'
import './tables.css'

export default theme
