// What the API replies, as far as the console reads it.
export const STAGES = ["potential", "new", "effective", "active", "core", "dormant", "churned"] as const;
export const TRUST = ["unaware", "curious", "acquainted", "informed", "familiar", "bought", "shares"] as const;
export const ROLES = ["owner", "operator", "growth", "advisor", "clerk", "analyst", "partner"] as const;
export const SCOPES = [
  "overview.read", "members.read", "members.reveal", "members.export", "insight.read", "boards.write", "settings.read",
  "settings.write", "staff.manage", "keys.manage", "imports.write", "audit.read", "system.read", "intake.write",
] as const;
export type Stage = (typeof STAGES)[number];

export interface Page<T> {
  items: T[];
  next: string | null;
  total?: number | null;
}
export interface Brand {
  slug: string;
  name: string;
  role: string;
  scopes: string[];
  zone: string;
  currency: string;
}
export interface Session {
  person: { id: string; name: string; display?: string; lang?: string };
  brands: Brand[];
  expires_at: string;
  idle_at: string;
}
export interface Identity {
  kind: string;
  value: string;
  masked?: boolean;
  verified?: boolean;
  first_seen?: string | null;
  source?: string | null;
}
export interface MemberRow {
  id: string;
  name: string | null;
  stage: Stage | null;
  trust: string;
  created: string;
  last_seen: string;
  events: number;
  orders: number;
  spent: number;
  identities: Identity[];
}
export interface Why {
  about?: string;
  rule: string;
  text_en: string;
  text_zh: string;
  events: { at: string; kind: string }[];
}
export interface Trait {
  name: string;
  type: string;
  value: unknown;
  at: string;
  source?: string | null;
  masked?: boolean;
}
export interface Profile extends MemberRow {
  stage_since: string | null;
  why: Why[];
  trust_since?: string | null;
  trust_peak: string;
  flags: Record<string, boolean>;
  joined: string | null;
  last_interaction: string | null;
  last_order: string | null;
  groups: string[];
  contacts: number;
  traits: Trait[];
  personas: string[];
}
export interface Entry {
  at: string;
  kind: string;
  label?: string | null;
  amount?: number | null;
  props?: Record<string, unknown>;
  [field: string]: unknown;
}
export interface Catalog {
  kinds: { kind: string; label?: string | null; family: string; derived: boolean }[];
  props: { name: string; type: string }[];
  traits: { name: string; type: string }[];
  groups: string[];
  touchpoints: string[];
  campaigns: string[];
}
export interface Overview {
  as_of: string;
  age_ms: number;
  ended?: boolean;
  members: number;
  active: number;
  events: number;
  stages: ({ at: string } & Record<Stage, number>)[];
  flow: number[][];
  arrived: number[];
  days: { at: string; value: number }[];
  kinds: { kind: string; events: number }[];
  retention: { cohorts: Cohort[] };
  groups: Record<string, unknown>[];
}
export interface Cohort {
  at: string;
  size: number;
  returned: (number | null)[];
}
export type Query = Record<string, Record<string, unknown>>;
export type Reply = Record<string, unknown> & { query: Query; elapsed_us: number; rows_scanned: number; warnings?: unknown[] };
export interface Question {
  id: string | number;
  name: string;
  query: Query;
  chart?: string | null;
}
export interface Board {
  id: string | number;
  name: string;
  questions: (string | number)[];
}
export interface Staff {
  id: string | number;
  name: string;
  display?: string;
  role: string;
  state: string;
  seen_at?: string | null;
}
export interface Key {
  id: string | number;
  kind: string;
  name: string;
  scopes?: string[];
  created_at: string;
  expires_at?: string | null;
  last_used?: string | null;
  revoked_at?: string | null;
  prefix?: string;
  secret?: string;
}
