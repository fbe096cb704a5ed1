/** A server refuses by its own rules (a password, a permission), and would do so again if asked again. In plain words. */
export class BrokerRefusal extends Error {}
