// the package describes its whole alone; its parts can be loaded one by one
declare module 'systeminformation/lib/memory.js' {
  import type { Systeminformation } from 'systeminformation';
  const memory: { mem: () => Promise<Systeminformation.MemData> };
  export default memory;
}
