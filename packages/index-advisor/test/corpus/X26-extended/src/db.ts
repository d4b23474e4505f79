export { database as db } from './database'
