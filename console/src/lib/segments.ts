// The built-in segments: examples to begin with.
export const SEGMENTS: { zh: string; en: string; expr: string }[] = [
  { zh: "新人三天没说话", en: "New, silent for three days", expr: 'lifecycle = "new" and joined < now - 3d and not did("message.sent")' },
  { zh: "已购未入群", en: "Bought, in no group", expr: "orders >= 1 and groups is null and contacts = 0" },
  { zh: "群内未加好友", en: "In a group, no contact", expr: "groups is not null and contacts = 0" },
  { zh: "默默下单", en: "Buys silently", expr: 'did("order.paid", count >= 2, within 90d) and not did("message.sent", within 90d)' },
  { zh: "只看不说", en: "Reads, says nothing", expr: 'did("content.viewed", count >= 3, within 28d) and not did("message.sent", within 28d)' },
  { zh: "首单未复购", en: "One order, no second", expr: "orders = 1 and last_order between today - 60d and today - 30d" },
  { zh: "高价值沉默", en: "High value, quiet", expr: "spent >= 100000 and last_order < now - 60d" },
  { zh: "退款用户", en: "Refunded", expr: 'did("order.refunded", within 90d)' },
];
