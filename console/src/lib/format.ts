// Figures and times as people read them: grouped digits, money by its minor units, times of the brand's zone.
const digits: Record<string, number> = { JPY: 0, KRW: 0, VND: 0, CLP: 0, KWD: 3, BHD: 3, OMR: 3, TND: 3, JOD: 3 };

export function count(value: unknown): string {
  if (typeof value !== "number") return "–";
  return value.toLocaleString("en-US", { maximumFractionDigits: 2 });
}

/** 12.3k, 4.5M: for axes. */
export function short(value: number): string {
  const [unit, name] = Math.abs(value) >= 1e6 ? [1e6, "M"] : Math.abs(value) >= 1e4 ? [1e3, "k"] : [1, ""];
  return (value / (unit as number)).toLocaleString("en-US", { maximumFractionDigits: unit === 1 ? 2 : 1 }) + name;
}

export function money(minor: unknown, currency: string): string {
  if (typeof minor !== "number") return "–";
  const places = digits[currency] ?? 2;
  const amount = (minor / 10 ** places).toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
  return (currency === "CNY" ? "¥" : currency + " ") + amount;
}

export function percent(share: unknown, places = 1): string {
  return typeof share === "number" ? (share * 100).toFixed(places) + "%" : "–";
}

/** The server writes instants in the brand's zone, so their letters are the local time. */
export function day(at: unknown): string {
  return typeof at === "string" ? at.slice(0, 10) : "–";
}
export function minute(at: unknown): string {
  return typeof at === "string" ? at.slice(0, 16).replace("T", " ") : "–";
}
/** Of an instant that the server gives in UTC, since it belongs to no brand; in the zone of the one that is open. */
export function minuteIn(zone: string | undefined, at: string): string {
  return new Date(at).toLocaleString("sv-SE", { timeZone: zone ?? "UTC" }).slice(0, 16);
}
export function clock(at: string): string {
  return at.slice(11, 16);
}

export function bytes(n: unknown): string {
  if (typeof n !== "number") return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const i = Math.min(4, Math.max(0, Math.floor(Math.log2(Math.max(1, n)) / 10)));
  return (n / 1024 ** i).toLocaleString("en-US", { maximumFractionDigits: i ? 1 : 0 }) + " " + units[i];
}

export function span(ms: unknown, zh: boolean): string {
  if (typeof ms !== "number") return "–";
  const units: [number, string, string][] = [[86400000, "天", "d"], [3600000, "小时", "h"], [60000, "分", "min"], [1000, "秒", "s"]];
  const [size, name, latin] = units.find(([s]) => ms >= s) ?? [1, "毫秒", "ms"];
  return `${(ms / (size as number)).toLocaleString("en-US", { maximumFractionDigits: 1 })} ${zh ? name : latin}`;
}
