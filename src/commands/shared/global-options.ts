/** The options that every command takes. */
export interface GlobalOptions {
  config?: string;
  quiet?: boolean;
  verbose?: boolean;
  color: boolean;
}
