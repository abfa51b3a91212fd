/** A bound on how fast the number of pods changes: so many within so many seconds. */
export interface ScalingPolicy {
  readonly value: number;
  readonly periodSeconds: number;
}

export interface ScalingRules {
  readonly stabilizationWindowSeconds: number;
  readonly policies: readonly ScalingPolicy[];
}

export interface AutoscalerSettings {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly scaleUp: ScalingRules;
  readonly scaleDown: ScalingRules;
}

/** What one trigger measures, all pods together, and how much of it one pod is for. Null: it could not be measured. */
export interface Measured {
  readonly value: number | null;
  readonly threshold: number;
}

/** Within this of what the pods are for, nothing changes. */
const tolerance = 0.1;

/**
 * Decides how many pods there are, as KEDA has Kubernetes do it for triggers of type AverageValue: for each
 * desired = ceil(value / threshold), of which the greatest counts; within the bounds; going up to the least that was asked
 * for within the window of going up, going down to the greatest within that of going down; no faster than the policies.
 * https://keda.sh/docs/2.17/concepts/scaling-deployments/, and of Kubernetes "Horizontal Pod Autoscaling: algorithm details"
 * and "configurable scaling behavior".
 */
export class Autoscaler {
  readonly #settings: AutoscalerSettings;
  readonly #wanted: { readonly atSeconds: number; readonly replicas: number }[] = [];
  readonly #changes: { readonly atSeconds: number; readonly by: number }[] = [];

  constructor(settings: AutoscalerSettings) {
    this.#settings = settings;
  }

  decide(atSeconds: number, current: number, triggers: readonly Measured[]): number {
    const { scaleUp, scaleDown } = this.#settings;
    this.#wanted.push({ atSeconds, replicas: this.#bounded(this.#wish(current, triggers)) });
    const within = (seconds: number): number[] =>
      this.#wanted.filter((one) => one.atSeconds > atSeconds - seconds || one === this.#wanted.at(-1)).map((one) => one.replicas);
    const least = Math.min(...within(scaleUp.stabilizationWindowSeconds));
    const greatest = Math.max(...within(scaleDown.stabilizationWindowSeconds));
    const stable = least > current ? least : greatest < current ? greatest : current;
    const next = Math.min(current + this.#allowed(atSeconds, 1), Math.max(current - this.#allowed(atSeconds, -1), stable));
    if (next !== current) this.#changes.push({ atSeconds, by: next - current });
    return next;
  }

  #wish(current: number, triggers: readonly Measured[]): number {
    const wishes = triggers.map(({ value, threshold }) => {
      if (value === null) return null;
      return Math.abs(value / threshold / current - 1) <= tolerance ? current : Math.ceil(value / threshold);
    });
    const known = wishes.filter((wish) => wish !== null);
    // Nobody goes down on what could not be measured.
    return Math.max(...known, ...(known.length < wishes.length ? [current] : []));
  }

  #bounded(replicas: number): number {
    return Math.min(this.#settings.maxReplicas, Math.max(this.#settings.minReplicas, replicas));
  }

  /** How many more may come, or go, now: the policy that allows most counts. */
  #allowed(atSeconds: number, direction: 1 | -1): number {
    const { policies } = direction === 1 ? this.#settings.scaleUp : this.#settings.scaleDown;
    return Math.max(...policies.map(({ value, periodSeconds }) => {
      const changed = this.#changes.filter((change) => change.atSeconds > atSeconds - periodSeconds && change.by * direction > 0);
      return Math.max(0, value - changed.reduce((sum, { by }) => sum + by * direction, 0));
    }));
  }
}
