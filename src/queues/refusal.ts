/** What a server answers by its own rules (a password, a permission): asked again, it says the same. In plain words. */
export class BrokerRefusal extends Error {}
