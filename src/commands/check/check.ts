import { formatCount } from '../../model/wording.ts';
import type { Finding } from './findings/types.ts';
import { readLimits } from '../../config/policy/limits-at.ts';
import type { LoadedConfig } from '../../config/file/loaded-config.ts';
import type { GlobalOptions } from '../shared/global-options.ts';
import { EXAMPLE } from '../../config/file/example.ts';
import { ConfigError, formatFault } from '../../config/file/fault.ts';
import { loadConfig } from '../shared/load-config.ts';
import { toPolicies } from '../../config/policy/policies.ts';
import { findConfigPath } from '../../config/file/read.ts';
import type { Config } from '../../config/schema/schema.ts';
import { EXIT, type ExitCode } from '../../errors.ts';
import { isRunning } from '../../model/unit-state.ts';
import { findMetricError } from '../../metrics/missing.ts';
import { metricOf } from '../../metrics/registry.ts';
import { isFault } from '../../model/measure-error.ts';
import { takeSample, type Measurement } from '../../measure/sample.ts';
import { renderCheck, toCheckDocument } from './report.ts';
import type { WorkerClass } from '../../kinds/shared/concurrency.ts';
import { allowStatus, clearStatus, showStatus } from '../../host/streams.ts';
import { readScreen } from '../../output/screen.ts';
import { openOutput } from '../../output/terminal.ts';
import { wrapLines } from '../../output/wrap.ts';
import { makeActDeps } from '../shared/act-deps.ts';
import { checkPlaces, checkTimer, checkUser, toFinding } from './host.ts';
import { checkConfigFile, checkServiceRisks } from './risks.ts';
import { checkNumbers } from './numbers.ts';
import { TARGET } from '../../targets/registry.ts';
import { checkService, readWorkerClass } from './service.ts';
import type { Looked } from './looked.ts';
import { explainTwin, readServices, type TrueNames } from '../shared/true-names.ts';

export interface CheckOptions extends GlobalOptions {
  strict?: boolean;
  json?: boolean;
}

/**
 * Looks at all that a run depends on and changes nothing. Projects that are disabled are looked at too, so
 * that one knows before they are enabled.
 */
export async function checkCommand(options: CheckOptions): Promise<ExitCode> {
  allowStatus(options);
  const findings = await findAll(findConfigPath(options.config));
  clearStatus();
  const document = toCheckDocument(findings);
  const out = openOutput({ color: options.color });
  if (options.json === true) out.write(`${JSON.stringify(document)}\n`);
  else {
    const text = renderCheck(document, out, options.quiet === true);
    out.write(wrapLines(text, readScreen().columns, 9));
  }
  const faults = document.errors + (options.strict === true ? document.warnings : 0);
  return faults > 0 ? EXIT.failed : EXIT.ok;
}

async function findAll(path: string): Promise<Finding[]> {
  const findings = checkUser();
  let loaded: LoadedConfig;
  try {
    loaded = await loadConfig(path);
  } catch (error) {
    return [...findings, ...tellConfigError(error)];
  }
  const { config, warnings, isExample } = loaded;
  findings.push(...warnings.map((fault) => tellFault(fault, 'config_odd', 'warning')));
  if (isExample) {
    const of = { code: 'config_example', severity: 'warning', project: null } as const;
    findings.push({ ...of, evidence: `${path}: ${EXAMPLE.text}`, remedy: EXAMPLE.hint });
  } else if (findings.every(({ code }) => !code.startsWith('config_'))) {
    const count = Object.keys(config.projects).length;
    const evidence = `${path}: ${formatCount(count, 'project')}, without faults`;
    findings.push({ code: 'config_ok', severity: 'info', project: null, evidence, remedy: null });
  }
  findings.push(...checkConfigFile(path));
  findings.push(...(await checkPlaces(config.global)));
  try {
    // of what the example names there is nothing on this host, and a timer is of no use yet
    if (!isExample) findings.push(...(await checkTimer(config)), ...(await checkServices(config)));
  } catch (error) {
    findings.push(toFinding('systemd_silent', error));
  }
  return findings;
}

function tellConfigError(error: unknown): Finding[] {
  if (error instanceof ConfigError) {
    return error.faults.map((fault) => tellFault(fault, 'config_fault', 'error'));
  }
  return [toFinding('config_unusable', error)];
}

function tellFault(
  fault: Parameters<typeof formatFault>[0],
  code: string,
  severity: Finding['severity'],
): Finding {
  const evidence = formatFault({ ...fault, hint: null });
  return { code, severity, project: null, evidence, remedy: fault.hint };
}

/** All projects as if they were enabled, their memory measured whether they have a threshold for it or not. */
function enableAll(config: Config): Config {
  const entries = Object.entries(config.projects).map(([name, project]) => [
    name,
    { ...project, enabled: true, memory_threshold_mb: project.memory_threshold_mb ?? 0 },
  ]);
  return { ...config, projects: Object.fromEntries(entries) as Config['projects'] };
}

async function checkServices(written: Config): Promise<Finding[]> {
  const named = await readServices(enableAll(written));
  const measured = await takeSample({ ...named, previous: null, memory: TARGET.remember() });
  const findings = tellTwins(named, written);
  const classes = new Map<string, WorkerClass>();
  const deps = makeActDeps(written.global, {
    ...{ interruptedMs: () => null, log: null, config: named.config },
  });
  let checked = 0;
  const total = Object.keys(named.config.projects).length;
  for (const [name, project] of Object.entries(named.config.projects)) {
    const unit = named.units.get(project.service_name);
    const enabled = written.projects[name]?.enabled === true;
    if (!enabled) {
      const evidence = 'disabled in the config: left alone by run';
      findings.push({ code: 'disabled', severity: 'info', project: name, evidence, remedy: null });
    }
    if (unit === undefined) continue;
    showStatus(`checking ${name} (${++checked} of ${total})`);
    const workerClass = await readWorkerClass(unit);
    if (workerClass !== null) classes.set(name, workerClass);
    const sample = measured.sample.services[unit.unit];
    const limits = await readLimits(project, new Date(measured.sample.at));
    const looked = { name, project: { ...project, enabled }, limits, unit, sample, deps };
    findings.push(...(await checkService({ ...looked, config: named.config })));
    findings.push(...tellQueue(name, measured));
    findings.push(...(await tellWorkerQueues({ ...looked, config: named.config })));
  }
  findings.push(...(await checkServiceRisks(named.config, named.units)));
  findings.push(...tellMetrics(named, measured));
  return [
    ...findings,
    ...checkNumbers(named.config, written, { ...measured, classes, units: named.units }),
  ];
}

/** The broker's client and what belongs to it are loaded where there is something to ask it. */
async function tellWorkerQueues(looked: Looked): Promise<Finding[]> {
  if (looked.project.broker_url === undefined || looked.unit.loadState !== 'loaded') return [];
  const { checkWorkerQueues } = await import('./queues.ts');
  try {
    return await checkWorkerQueues(looked);
  } catch (error) {
    return [toFinding('queues_unknown', error, looked.name)];
  }
}

function tellTwins({ twins }: TrueNames, written: Config): Finding[] {
  return twins.map((twin) => {
    const isServed = [twin.project, twin.owner].every((name) => written.projects[name]?.enabled);
    return {
      code: 'service_twice',
      severity: isServed ? 'error' : 'warning',
      project: twin.project,
      evidence: explainTwin(twin),
      remedy: 'name another service, or remove one of the two projects',
    };
  });
}

function tellQueue(project: string, { queues }: Measurement): Finding[] {
  const queue = queues.get(project);
  if (queue === undefined) return [];
  if (queue.error !== undefined) {
    const remedy = 'check "broker_url" and "queues", and whether the broker runs';
    const of = { code: 'broker_fault', severity: 'error', project } as const;
    return [{ ...of, evidence: queue.error.text, remedy }];
  }
  if (queue.note !== undefined) {
    const of = { code: 'queue_missing', severity: 'warning', project } as const;
    return [{ ...of, evidence: queue.note, remedy: 'check the names in "queues"' }];
  }
  const evidence = `its broker answers: ${formatCount(queue.length ?? 0, 'task')} ${queue.length === 1 ? 'waits' : 'wait'} in ${Object.keys(queue.perQueue).join(', ')}`;
  return [{ code: 'broker_ok', severity: 'info', project, evidence, remedy: null }];
}

/** Metrics that thresholds are about and that cannot be had: nothing is lowered until it is known. Of queues it is said already. */
function tellMetrics({ config, units }: TrueNames, { sample, queues }: Measurement): Finding[] {
  return toPolicies(config).flatMap(({ project, service, metrics }) => {
    const unit = units.get(service);
    if (unit === undefined || !isRunning(unit)) return [];
    const isQueueUnknown = queues.get(project)?.error !== undefined;
    return metrics.flatMap(({ metric }): Finding[] => {
      const { read, fields, label } = metricOf(metric);
      if (read(sample, service) !== null) return [];
      if (isQueueUnknown && 'queue_length' in fields) return [];
      const error = findMetricError(sample, service, metric);
      if (!isFault(error)) return [];
      const of = { code: 'metric_unknown', severity: 'warning', project } as const;
      const evidence = `${label} is unknown: ${error.text}; nothing is lowered until it is known`;
      return [{ ...of, evidence, remedy: `fix that, or remove its thresholds` }];
    });
  });
}
