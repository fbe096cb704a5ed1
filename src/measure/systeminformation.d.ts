// the package describes its whole alone; its parts can be loaded one by one
declare module 'systeminformation/lib/memory.js' {
  export { mem } from 'systeminformation';
}
