import { parseBarSpec, type BarSpec } from './bar-spec.ts';

const dayMs = 86_400_000;

/** `1h/30m@Europe/Berlin`: what stands behind the interval. */
function tailOf(name: string): { readonly origin: string; readonly zone: string | null } {
  const [, origin, zone] = /^[^/@]+(\/[^@]*)?(?:@(.*))?$/.exec(name) ?? [];
  return { origin: origin ?? '', zone: zone ?? null };
}

/**
 * Whether every boundary of `parent` is one of `child`, for ever: then the bars of the one can be made of those of the
 * other. Windows of a zone follow its clocks: they are made of windows of the same zone and origin, or of fixed ones that
 * divide every distance from UTC that the zone has had.
 */
export function divides(child: BarSpec, parent: BarSpec): boolean {
  if (parent.intervalMs <= child.intervalMs || parent.intervalMs % child.intervalMs !== 0) return false;
  const [own, others] = [tailOf(child.name), tailOf(parent.name)];
  if (own.zone !== null) {
    // At each local midnight both begin anew, so that any multiple fits; several days count from one Monday.
    return own.zone === others.zone && own.origin === others.origin;
  }
  if (others.zone === null) return child.openAt(parent.openAt(0)) === parent.openAt(0);
  return child.intervalMs <= dayMs && parent.gridMs % child.gridMs === 0 && child.gridMs === child.intervalMs;
}

/** Of these canonical names the longest that divides the spec, or null: the fewer bars are read, the better. */
export function childOf(spec: BarSpec, names: readonly string[]): BarSpec | null {
  const children = names.map((name) => parseBarSpec(name)).filter((one) => divides(one, spec));
  return children.toSorted((a, b) => b.intervalMs - a.intervalMs)[0] ?? null;
}
