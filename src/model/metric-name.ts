/** The resources whose shortage the kernel measures as pressure: the share of time in which some had to wait for it. */
export const PRESSURES = ['cpu_pressure', 'memory_pressure', 'io_pressure'] as const;

export type PressureKey = (typeof PRESSURES)[number];

/** The name of a metric that has thresholds, such as `busy`; src/metrics/registry.ts lists them. */
export type MetricName = string;
