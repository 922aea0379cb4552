// 控制台的文字。英文与之一一对应（见 en.ts 的类型）。
import { kindsZh } from "./kinds";

const zh = {
  kind: kindsZh,
  nav: { label: "主导航", side: "侧栏", skip: "跳到正文", brand: "品牌", language: "语言", theme: "外观", leave: "退出", overview: "总览", members: "用户", insight: "洞察", boards: "看板", settings: "设置" },
  theme: { auto: "随系统", light: "浅色", dark: "深色" },
  do: { again: "重试", cancel: "取消", save: "保存", saved: "已保存", clear: "清空", copy: "复制", copied: "已复制", delete: "删除", end: "结束", refresh: "刷新", wait: "正在加载" },
  door: { saying: "公域是门前河，私域是自家井。", what: "每一位用户的来路、对话与订单，都留在你自己的机器上。" },
  signin: { title: "登录", name: "登录名", password: "密码", enter: "登录", forgot: "忘记密码？请管理员在“设置 › 员工”里给你一个新链接。" },
  setup: { title: "欢迎使用井田", text: "创建第一个账号，它是这台服务器的所有者。", code: "一次性初始码", codeHint: "在启动 wellfield serve 的终端里", display: "显示名称（可选）", passwordHint: "8 到 128 个字符", begin: "创建账号并进入" },
  link: { title: "一次性链接", text: "这个链接只能使用一次。", password: "请为你的账号设置密码。", none: "这个地址缺少链接的内容，请完整复制后再打开。", newPassword: "新密码", enter: "继续" },
  problem: { unreachable: "连不上服务器，请检查网络或服务是否在运行。", forbidden: "你的角色没有这个权限，请找品牌所有者。", busy: "请求太多，请稍候再试。", server: "服务器出错，请稍后重试；若仍如此，请查看服务器日志。" },
  absent: { title: "没有这个页面", text: "地址可能写错了，或者这个页面已经移走。", back: "回到总览" },
  stage: { potential: "潜在", new: "新生", effective: "有效", active: "活跃", core: "核心", dormant: "休眠", churned: "流失", visitor: "访客" },
  trust: { unaware: "不知道你", curious: "想知道你", acquainted: "认识你", informed: "了解你", familiar: "熟悉你", bought: "买了你", shares: "分享你" },
  figure: { members: "用户", events: "事件" },
  define: {
    members: "处于任一生命周期阶段，访客除外", active: "最近 28 天内有任何事件的用户", today: "按品牌时区", events: "有史以来存下的事实", stock: "每周末各阶段的存量",
    flow: "左：28 天前，右：现在", retention: "首次出现的那一周起，第 k 周仍有事件的比例",
  },
  overview: {
    asOf: "截至 {at}", active: "28 天内出现", today: "今日事件", lastDay: "最后一天事件", events: "全部事件", stages: "各阶段用户", now: "现在", drill: "点开看是哪些人", days: "每日事件",
    days90: "最近 90 天", kinds: "事件类型", flow: "28 天的流转", retention: "周留存", live: "实时",
  },
  first: { title: "还没有事件", text: "这里会显示用户的阶段、流转与留存。先把历史导进来：订单、聊天记录都可以。", or: "或者创建一个写入密钥，从网站或服务器发送第一个事件；也可以生成一年的演示数据。", key: "创建写入密钥" },
  members: {
    total: "共 {n} 位", columns: "列", export: "导出 CSV", search: "搜索用户", searchHint: "姓名、手机号或尾号、编号 m12、邮箱…", stage: "阶段", allStages: "所有阶段", filter: "条件筛选", expression: "条件表达式",
    expressionHint: '例如 orders >= 2 and not did("message.sent", within 30d)', selected: "选中 {n} 位", examples: "常用人群", apply: "应用", noneFound: "没有符合的用户", noneFoundText: "放宽条件或换个关键词试试。",
    none: "还没有用户", noneText: "有了带身份的事件，用户就会出现在这里：导入订单或聊天记录，或发送第一个事件。", all: "显示全部用户", how: "看看怎么开始", nameless: "无名 · {id}",
  },
  column: {
    name: "姓名", stage: "阶段", trust: "信任", identities: "身份", last_seen: "最近出现", orders: "订单", spent: "消费", events: "事件", created: "首次出现", joined: "加入", contacts: "好友关系", last_order: "最近下单",
  },
  builder: { label: "条件构造器", field: "字段", op: "比较", value: "值", did: "做过某事", traits: "特征", kind: "事件类型", times: "次以上", within: "天内（0 为不限）", days: "天", and: "并且", or: "或者", add: "加入" },
  op: { is: "是", isnot: "不是", least: "至少", most: "至多", has: "包含", recent: "在最近", before: "早于", never: "从未", true: "是", false: "否", in: "在", none: "不在任何", known: "已知", did: "做过", didnot: "没做过" },
  field: {
    lifecycle: "生命周期", trust: "信任阶段", orders: "订单数", spent: "消费金额（元）", joined: "加入时间", last_seen: "最近出现", last_interaction: "最近互动", last_order: "最近下单", groups: "社群", contacts: "好友关系数",
    invited: "邀请到的人数", returned: "回流", reads: "只看不说", silent_buyer: "默默下单", outside: "场外",
  },
  member: {
    back: "回到用户列表", stands: "所处阶段", since: "自 {at}", trust: "信任阶段", peak: "最高到过“{at}”", why: "为什么是这个阶段", whyTrust: "为什么是这个信任阶段", facts: "概况", identities: "身份", verified: "已核实", reveal: "显示完整内容",
    revealText: "将显示完整的手机号、邮箱等。这次查看会连同理由记入审计。", reason: "理由", traits: "特征", noTraits: "还没有特征。导入用户资料或发送 identify 事件后出现。", history: "经历", allKinds: "所有类型", noneOfKind: "没有这种事件。",
    noHistory: "还没有经历。", older: "更早",
  },
  query: {
    what: "想知道什么", trend: "趋势", funnel: "漏斗", retention: "留存", paths: "路径", stickiness: "粘性", lifecycle: "生命周期流转", activity: "新老与回流", rfm: "RFM", repeat: "复购预测", segment: "人群", steps: "步骤", step: "第 {n} 步",
    any: "任何事件", up: "第 {n} 步上移", drop: "删除第 {n} 步", stepWhere: "第 {n} 步的条件", addStep: "加一步", kind: "事件", breakdown: "按什么拆分", noBreakdown: "不拆分", measure: "量什么", by: "时间粒度", from: "从", to: "到（不含）",
    where: "事件条件", who: "用户条件", whereHint: "例如 amount >= 5000", whoHint: '例如 lifecycle = "active"', window: "时限", mode: "方式", birth: "起点事件", return: "回访事件", periods: "期数", type: "算法", first: "起点取", anchor: "起点事件",
    direction: "方向", depth: "步数", within: "时限", fold: "合并相同的相邻事件", top: "最多路径数", days: "天数", as_of: "截至", unit: "单位", horizon: "预测期", holdout: "用来检验的天数",
  },
  about: {
    trend: "随时间有多少：事件、用户、金额。", funnel: "用户走到了哪一步，在哪里离开。", retention: "来过的人，之后还来不来。", paths: "在某件事之后（或之前）发生了什么。", stickiness: "用户在多少天里是活跃的。",
    lifecycle: "七个阶段之间的流动。", activity: "每一期里谁是新的、留下的、回来的、离开的。", rfm: "按最近、频次、金额给买家打分。", repeat: "谁会再买：BG/NBD 与 Gamma-Gamma 模型的预测。", segment: "一个条件选中多少人。",
  },
  choice: {
    events: "事件数", members: "用户数", amount: "金额", average: "平均金额", hour: "小时", day: "天", week: "周", month: "月", ordered: "按顺序", strict: "紧接着", any: "不论顺序", classic: "当期", rolling: "当期及以后", ever: "有史以来第一次",
    in_range: "范围内第一次", each: "每一次", after: "之后", before: "之前",
  },
  activity: { new: "新增", returning: "留存", resurrected: "回流", dormant: "沉默" },
  insight: {
    now: "本期", before: "上期", none: "（无）", rest: "其余", ended: "到此为止", frequency: "频次", recency: "最近", arrived: "新出现", actual: "实际", expected: "预测", share: "比例", cohort: "起点", time: "时间", breakdown: "拆分", value: "值",
    step: "步骤", fromFirst: "占首步", fromPrevious: "占上步", median: "用时中位数", everyone: "全部", path: "路径", occurrences: "次数", activeDays: "活跃天数", fromTo: "从 ＼ 到", revenue: "金额", figure: "指标", buyers: "买家", alive: "仍在的买家",
    expectedOrders: "预计下单天数", expectedRevenue: "预计金额", stop: "停止", stopped: "已停止。", nothing: "这段时间里没有数据", nothingText: "换一个时间范围，或看看事件类型是否选对。", table: "结果表格", cost: "扫描 {rows} 行，用时 {ms} 毫秒",
    onlyTable: "只看表格", withChart: "显示图表", savedOnes: "已保存的问题", save: "保存", saved: "已保存“{name}”", drop: "删除问题", dropText: "将删除“{name}”，固定它的看板上也会消失。", build: "查询", how: "编辑方式", form: "表单", text: "查询的 JSON", ask: "查询",
    textHint: "与 POST /api/v1/品牌/query 相同；改完离开文本框或按 Ctrl+Enter。", answer: "结果", compare: "与上期比较", name: "名称", pin: "固定到看板", noBoard: "不固定", newBoard: "新看板…",
  },
  boards: {
    first: "我的看板", name: "看板名称", make: "新建看板", holds: "{n} 个问题", none: "还没有看板", noneText: "看板把常看的问题放在一起。在洞察里提出一个问题，保存并固定到看板。", toInsight: "去洞察提问", back: "回到看板列表", unpin: "从看板取下“{name}”",
    empty: "这个看板还是空的", emptyText: "在洞察里保存一个问题，并固定到这个看板。", drop: "删除看板", dropText: "将删除看板“{name}”。其中的问题会保留。",
  },
  settings: { me: "我", brand: "品牌", staff: "员工", keys: "密钥", audit: "审计", system: "系统" },
  me: { password: "修改密码", current: "当前密码", change: "修改密码", sessions: "登录中的设备", sessionsText: "不认识的请结束它，并修改密码", seen: "最近", began: "开始", address: "地址", agent: "浏览器", this: "当前" },
  brand: { name: "品牌名称", zone: "时区", currency: "货币", rules: "定义中的数字", rulesText: "决定各生命周期阶段的界线；在创建品牌时选定", rule: "规则", value: "现值", default: "默认" },
  rule: {
    dormant_days: "多少天没有行动算休眠", churned_days: "多少天没有动静算流失", left_hours: "离开所有社群多少小时算流失", order_days: "订单在多少天内算近期", window_days: "活跃看最近多少天", before_days: "与此前多少天相比",
  },
  staff: {
    invite: "邀请员工", inviteText: "生成一个一次性链接，请对方打开并设置密码", role: "角色", make: "生成邀请链接", link: "把这个链接交给对方。它只显示这一次，只能用一次。", state: "状态", revoke: "撤销", newLink: "新链接", you: "你",
    revokeText: "“{name}”将不能再进入“{brand}”，正在进行的登录也会结束。", roleOf: "{name} 的角色",
  },
  state: { active: "在用", invited: "待接受", disabled: "已停用" },
  role: { owner: "所有者", operator: "运营", growth: "增长", advisor: "顾问", clerk: "核销员", analyst: "分析师", partner: "合作方" },
  roleIs: {
    owner: "可以做一切，包括员工与密钥", operator: "看用户、显示完整身份、导出、洞察、看板与导入", growth: "看用户、洞察与看板", advisor: "看用户，并可显示完整身份", clerk: "只能登录，为核销预留", analyst: "看用户（打码）、洞察与看板，不能导出", partner: "只看总览",
  },
  keys: {
    new: "新密钥", is: { public: "放在网页与应用里：只能写入，可限定来源", secret: "放在服务器里：只能写入，身份视为已核实", token: "给程序读取与管理：只有选定的权限" }, kind: "种类", public: "公开写入密钥", secret: "服务器写入密钥", token: "API 令牌",
    name: "名称", nameHint: "用在哪里，例如“官网”", days: "有效天数", never: "永不过期", origins: "允许的来源（可选，空格分隔）", scopes: "权限", make: "创建密钥", once: "请现在复制并妥善保存，之后不会再显示。", try: "试发一个事件：", tryToken: "试着读一次：", made: "创建",
    expires: "到期", used: "最近使用", revoke: "吊销", revoked: "已吊销", rotate: "轮换", revokeText: "使用“{name}”的程序将立即失效，无法恢复。", none: "还没有密钥。创建一个，就能从网站或服务器发送事件。",
  },
  scope: {
    overview_read: "看总览", members_read: "看用户", members_reveal: "显示完整身份", members_export: "导出用户", insight_read: "查询", boards_write: "编辑看板", settings_read: "看设置", settings_write: "改设置", staff_manage: "管理员工",
    keys_manage: "管理密钥", imports_write: "导入", audit_read: "看审计", system_read: "看系统", intake_write: "写入事件",
  },
  audit: { text: "谁，在什么时候，做了什么；每条都与前一条相扣，改动会被发现", at: "时间", who: "谁", action: "动作", actionHint: "按动作筛选，例如 staff.role_set", subject: "对象", change: "变化", show: "筛选", older: "更早", none: "没有记录。" },
  system: { version: "版本", uptime: "已运行", memory: "内存", free: "磁盘剩余", brands: "各品牌", events: "事件", parts: "数据块", tail_events: "待整理", writer_queue: "写入队列", docs: "API 文档" },
};

export default zh;
