/** A place where a service listens. */
export interface Served {
  /** `unix:/run/shop.sock`, `127.0.0.1:8000` */
  address: string;
  /** why nobody can connect there; null: one can, or it cannot be determined */
  fault: string | null;
}
