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
    members: "处于任一生命周期阶段，访客除外", active: "最近 28 天内有任何事件的用户", today: "按品牌时区", events: "有史以来存下的事实",
  },
  means: {
    members: "处于七个生命周期阶段之一的用户：潜在、新生、有效、活跃、核心、休眠、流失。访客还没有可用的身份，不计在内；合并过的人只算一个。", active: "最近 28 个自然日（含今天，按品牌时区）里有过任何事件的用户。数据早已停止的品牌，按最后一天往前数。",
    today: "从品牌时区的零点起发生的事件数。点开看这一天有过事件的用户。", events: "有史以来存下的全部事实，随写入实时跳动。同一个事件重复发送只计一次。", stock: "每周末各阶段有多少用户。点一块颜色，看现在处于这个阶段的人。", now: "此刻各阶段的用户数，加起来就是“用户”。点一行看是哪些人。",
    days: "每个自然日（品牌时区）发生的事件数。点一根柱子，看那天有过事件的用户。", kinds: "有史以来各类事件的数量，最多的在前。点一行，看做过这件事的用户。",
    flow: "把 28 天前与现在的阶段相比：左边是当时，右边是现在，“新出现”是这期间第一次有阶段的人。点一条流，看现在处于右边、28 天内离开过左边的用户；人数会与图略有出入，因为图只比较两个时刻。",
    retention: "一行是同一周第一次出现的用户；第 k 列是其中在此后第 k 周又有事件的比例，第 0 列是当周。还没到的周是空的。点一格看是哪些人。",
  },
  stageMeans: {
    potential: "知道你，还没有进群、加好友或下单", new: "刚加入，还在头几天", effective: "在群里或通讯录里，没有沉默", active: "近 28 天与之前相比保持活跃", core: "既活跃又带来别人或反复购买", dormant: "很久没有行动", churned: "离开了，或很久没有任何动静",
  },
  north: { title: "北极星指标", text: "还没有选定。度量这一部分建成后在这里显示；在那之前，把最能说明用户得到价值的那条趋势固定到看板。" },
  line: { opening: "正在连接", open: "实时", lost: "与服务器的连接断了，正在重连" },
  confirm: { title: "请再输入一次密码", text: "这一步要确认是你本人。五分钟内不会再问。", go: "确认" },
  undo: { back: "撤销", now: "立即执行", board: "已删除看板“{name}”", question: "已删除问题“{name}”", staff: "已撤销“{name}”的权限" },
  arrival: { waits: "正在等第一个事件：运行上面的代码，到达时这里会立刻显示。", came: "收到了！", at: "密钥于 {at} 被使用，打开此页后品牌共收到 {n} 个事件。" },
  export: {
    title: "导出用户", text: "将导出 {n} 位用户。", those: "将导出符合当前条件的用户。", audited: "谁在何时导出了多少人，会记入审计。", format: "格式", clear: "身份（完整显示）", masked: "身份（打码）", take: "导出",
  },
  overview: {
    asOf: "截至 {at}", ago: "{n} 秒前算出", active: "28 天内出现", today: "今日事件", lastDay: "最后一天事件", events: "全部事件", stages: "各阶段用户", now: "现在", drill: "点开看是哪些人", days: "每日事件", who: "看是哪些人", weekly: "每周末的存量",
    days90: "最近 90 天", kinds: "事件类型", flow: "28 天的流转", flowHow: "左：28 天前，右：现在", retention: "周留存", weeks12: "最近 12 周的新用户",
  },
  first: { title: "还没有事件", text: "这里会显示用户的阶段、流转与留存。先把历史导进来：订单、会员表、聊天记录都可以。", import: "导入一个文件", or: "或者创建一个写入密钥，从网站或服务器发送第一个事件；也可以生成一年的演示数据。", key: "创建写入密钥" },
  members: {
    total: "共 {n} 位", columns: "列", export: "导出", search: "搜索用户", searchHint: "姓名、手机号或尾号、编号 m12、邮箱…", stage: "阶段", allStages: "所有阶段", filter: "条件筛选", expression: "条件表达式",
    expressionHint: '例如 orders >= 2 and not did("message.sent", within 30d)', selected: "选中 {n} 位", examples: "常用人群", apply: "应用", noneFound: "没有符合的用户", noneFoundText: "放宽条件或换个关键词试试。",
    none: "还没有用户", noneText: "有了带身份的事件，用户就会出现在这里：导入订单或聊天记录，或发送第一个事件。", all: "显示全部用户", how: "看看怎么开始", nameless: "无名 · {id}",
  },
  column: {
    name: "姓名", stage: "阶段", trust: "信任", identities: "身份", last_seen: "最近出现", orders: "订单", spent: "消费", events: "事件", created: "首次出现", joined: "加入", contacts: "好友关系", last_order: "最近下单", id: "编号",
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
  tags: {
    title: "标签", add: "添加", give: "打标签", take: "移除标签“{name}”", takeAway: "移除标签", until: "至 {at}", none: "还没有标签。", which: "选择标签", loose: "未分组", expires: "到期日（可选）", noTags: "还没有可用的标签。", tag: "打标签", many: "批量打标签", found: "将作用于搜索到的 {n} 名用户。",
    those: "将作用于符合条件的用户。", matching: "将作用于符合条件的 {n} 名用户。", done: "已更改 {n} 名；{same} 名本已如此。", undone: "已撤销：{n} 名用户。", close: "关闭", newGroup: "新建标签组", changeGroup: "修改标签组", groupText: "组有颜色；互斥组里每人只留最后打上的一个", groupName: "组名", colour: "颜色",
    exclusive: "互斥（每人至多一个）", edit: "修改", name: "标签名", group: "标签组", newTag: "新标签", who: "看看是谁", rename: "修改标签“{name}”", remove: "删除标签“{name}”", dropped: "已删除“{name}”",
  },
  colour: { grey: "灰", red: "红", orange: "橙", gold: "金", green: "绿", teal: "青", blue: "蓝", purple: "紫", pink: "粉" },
  notes: { title: "备注", new: "写一条备注…", add: "添加备注", edit: "修改", changed: "{at} 修改", none: "还没有备注。", dropped: "备注已删除" },
  traits: { add: "填写", edit: "修改“{name}”", name: "特征名", type: "类型", value: "值", text: "文字", number: "数字", bool: "是或否" },
  consent: {
    title: "同意", link: "偏好页链接", linkText: "用户凭此链接自行同意或撤回；{at} 前有效：", write: "记一笔", purpose: "用途", channel: "渠道", all: "所有渠道", list: "订阅组", whole: "整个用途", way: "方式", wayHint: "电话、纸质、聊天…", evidence: "证据（可选，加密保存）", granted: "同意", withdrawn: "撤回",
    guardian: "监护人", ledger: "全部记录（{n}）", version: "第 {n} 版", setup: "用途", setupText: "没有记录时：须同意的用途视为不允许，合同所需的用途视为允许；未满 14 周岁须监护人同意。撤回立即生效。", newPurpose: "新建用途", key: "代码", keyHint: "小写字母、数字、下划线", nameZh: "中文名称", nameEn: "英文名称",
    basis: "依据", offered: "在偏好页上提供的渠道", text: "同意文本", newText: "写新版本", noText: "还没有文本。", textZh: "中文文本", textEn: "英文文本", saveText: "发布第 {n} 版", lists: "订阅组", newList: "新建订阅组", shown: "在偏好页上显示",
  },
  basis: { consent: "须同意", contract: "合同所需" },
  channel: { wecom: "企业微信", wechat: "微信", sms: "短信", email: "邮件", call: "电话", push: "应用通知", telegram: "Telegram" },
  reason: { granted: "已同意", withdrawn: "已撤回", silent: "未同意", contract: "无须同意", child: "未满 14 周岁", left: "已退订", unknown: "未知" },
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
  settings: { me: "我", brand: "品牌", tags: "标签", consent: "同意", staff: "员工", keys: "密钥", imports: "导入", audit: "审计", system: "系统", privacy: "隐私" },
  me: { password: "修改密码", current: "当前密码", change: "修改密码", sessions: "登录中的设备", sessionsText: "不认识的请结束它，并修改密码", seen: "最近", began: "开始", address: "地址", agent: "浏览器", this: "当前" },
  brand: { hours: "服务时间", hoursText: "员工答复的时段，按品牌时区", hoursTo: "服务时间止", name: "品牌名称", zone: "时区", currency: "货币", rules: "定义中的数字", rulesText: "决定各生命周期阶段的界线；在创建品牌时选定", rule: "规则", value: "现值", default: "默认" },
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
    owner: "可以做一切，包括员工与密钥", operator: "看用户、显示完整身份、导出、合并、洞察、看板与导入", growth: "看用户、洞察与看板", advisor: "看用户，并可显示完整身份", clerk: "只能登录，为核销预留", analyst: "看用户（打码）、洞察与看板，不能导出", partner: "只看总览",
  },
  keys: {
    new: "新密钥", is: { public: "放在网页与应用里：只能写入，可限定来源", secret: "放在服务器里：只能写入，身份视为已核实", token: "给程序读取与管理：只有选定的权限" }, kind: "种类", public: "公开写入密钥", secret: "服务器写入密钥", token: "API 令牌",
    name: "名称", nameHint: "用在哪里，例如“官网”", days: "有效天数", never: "永不过期", origins: "允许的来源（可选，空格分隔）", scopes: "权限", make: "创建密钥", once: "请现在复制并妥善保存，之后不会再显示。", try: "试发一个事件：", tryToken: "试着读一次：", made: "创建",
    expires: "到期", used: "最近使用", revoke: "吊销", revoked: "已吊销", rotate: "轮换", revokeText: "使用“{name}”的程序将立即失效，无法恢复。", none: "还没有密钥。创建一个，就能从网站或服务器发送事件。",
  },
  imports: {
    new: "导入一个文件", newText: "订单、会员表、聊天记录；可以先试运行，不写入任何数据", dropHere: "把文件拖到这里，或者", pick: "选择文件", kinds: "CSV、TXT、JSONL、聊天记录；可以是 gzip 或 zstd 压缩的。UTF-8、GB18030、UTF-16 自动识别。", past: "导入过的文件", pastText: "文件在导入结束 7 天后删除；事件保留", file: "文件", by: "谁", at: "时间",
    none: "还没有导入过文件", noneText: "从店铺后台导出订单或会员表，或导出一个群的聊天记录，拖到上面即可。常见的中文表头会自动对应，先看预览，再试运行，满意了才写入。", drop: "删除导入", dropText: "将删除“{name}”的文件与被拒的行。已经写入的事件会保留。", back: "回到导入列表",
    fileGone: "文件已经删除（导入结束 7 天后）。要再导入，请重新上传。", sending: "上传进度", sent: "{sent} / {all}", pause: "暂停", goOn: "继续", resume: "“{name}”还没有传完。重新选择同一个文件，会从断开的地方接着传。", resumeHere: "把同一个文件拖到这里，或者", otherFile: "这不是同一个文件：需要 {name}（{size}）。", read: "怎么读这个文件", guessed: "看起来是 {format}，{encoding} 编码", told: "按 {format} 读取，{encoding} 编码",
    format: "格式", auto: "自动识别", as: "每一行是什么事件", asHint: "由内容决定", group: "社群", groupHint: "这些事件发生在哪个群", source: "来源", sourceHint: "昵称只在同一来源内算同一个人", tz: "时区", tzHint: "没有写时区的时间按它理解；默认 {zone}", date: "日期", dateHint: "聊天记录里没有日期时，从这一天开始", columns: "每一列对应什么",
    byHeaders: "按表头自动对应；可以改", byHand: "以你的选择为准，没有选的列不导入", reset: "恢复自动对应", column: "列", samples: "样例", becomes: "成为", becomesOf: "“{column}”成为", nameOf: "“{column}”的名称", typeOf: "“{column}”的类型", formatOf: "“{column}”的日期格式", dateAuto: "自动识别日期", nameless: "“{column}”要成为属性或特征，请填名称。", twice: "“{column}”与另一列对应了同一样东西。",
    problems: "预览中的问题", problemsText: "这些行照现在的设置会被拒绝", at_line: "第 {line} 行", events: "会存成这样", eventsText: "头几行", rows: "文件的头几行", rowsText: "{n} 行", strict: "遇到第一个坏行就停下", try: "试运行", run: "导入", tryText: "试运行会走完全程，但什么也不写入；它的数字就是导入将得到的数字。", outcome: "结果", tried: "试运行", counts: "导入", again: "换个设置再导一次",
    rejects: "被拒的行（头 20 条）", download: "下载全部被拒的行", line: "行", why: "原因", queued: "前面还有一个导入，排队中", at_rows: "{rows} 行，每秒 {rate} 行", left: "还要 {time}", polling: "连接断了，每秒查看一次",
  },
  importState: { uploading: "上传中", ready: "待导入", queued: "排队", trying: "试运行中", running: "导入中", done: "已完成", failed: "失败", stopped: "已停止" },
  format: { csv: "CSV 表格", columns: "空白分隔的列", jsonl: "JSONL：每行一个事件", segment: "Segment 消息", irc: "聊天记录（时间与昵称）" },
  formatIs: { csv: "第一行是表头，逗号、分号或制表符分隔", columns: "没有表头，列之间是空白", jsonl: "每行一个 JSON 对象", segment: "Segment 协议的消息，每行一个", irc: "形如 [09:14] <昵称> 内容" },
  count: { read: "读到的行", stored: "存成事件", duplicate: "重复", rejected: "被拒", members_created: "新用户", merged: "合并", updated: "更新", conflicts: "冲突", skipped: "略过", dropped: "舍弃的身份", identities_dropped: "舍弃的身份", presence: "进出" },
  countMeans: {
    read: "数据行、JSON 行或消息的条数", stored: "成为事件的行", duplicate: "以前导入过的行，或编号已经有过的行；不会再存一次", rejected: "用不上的行，原因见下", members_created: "因此新建的用户", merged: "因此合并的用户", conflicts: "因为名字属于别人而没有做的合并与改名", skipped: "合计行，或不留下什么的通知", dropped: "无效、打码或超出数量的身份", identities_dropped: "无效、打码或超出数量的身份",
  },
  target: {
    none: "不导入", at: "时间", kind: "事件类型（原样）", status: "订单状态（已付款、退款…）", amount: "金额（元）", amount_minor: "金额（分）", id: "行的唯一编号", group: "社群", touchpoint: "触点", campaign: "活动", content: "内容", staff: "员工", props: "事件的属性…", trait: "用户的特征…", member: "用户的身份", other: "另一位用户的身份", otherOf: "对方的{kind}",
  },
  identity: { phone: "手机号", name: "昵称或会员号", user: "你系统里的用户 ID", unionid: "unionid", wecom: "企业微信外部联系人", openid: "openid", email: "邮箱", telegram: "Telegram", device: "设备", anon: "匿名 ID" },
  valueType: { text: "文字", number: "数字", integer: "整数", decimal: "金额（元）", date: "日期" },
  scope: {
    overview_read: "看总览", members_read: "看用户", members_write: "编辑用户", members_reveal: "显示完整身份", members_export: "导出用户", members_merge: "合并用户", members_privacy: "隐私请求", insight_read: "查询", boards_write: "编辑看板", settings_read: "看设置", settings_write: "改设置", staff_manage: "管理员工",
    keys_manage: "管理密钥", imports_write: "导入", audit_read: "看审计", system_read: "看系统", intake_write: "写入事件",
  },
  audit: { text: "谁，在什么时候，做了什么；每条都与前一条相扣，改动会被发现", at: "时间", who: "谁", action: "动作", actionHint: "按动作筛选，例如 staff.role_set", subject: "对象", change: "变化", show: "筛选", export: "导出", older: "更早", none: "没有记录。" },
  system: {
    version: "版本", uptime: "已运行", memory: "内存", data: "数据占用", free: "磁盘剩余", brands: "各品牌", events: "事件", parts: "数据块", tail_events: "待整理", writer_queue: "写入队列", docs: "API 文档", safety: "校验与备份", verify: "最近一次校验", sound: "完好", unsound: "有问题",
    neverVerified: "还没有校验过。停机维护时运行", backup: "最近一次备份", neverBackedUp: "还没有备份过。", backupNow: "立即备份", backupText: "服务照常运行；备份写在数据目录之外。",
  },
  backupState: { running: "正在备份", done: "已完成", failed: "失败" },
  systemMeans: { events: "这个品牌存下的事件总数", parts: "事件日志分成的列式文件数；后台会把小的合并成大的", tail_events: "已经落盘、还没写进数据块的事件", writer_queue: "正等着写入的请求；长期不为零说明写入跟不上" },
  merge: { go: "合并", title: "合并用户", text: "找到同一个人的另一份档案，先看合并后的样子，再确认。合并可以撤销：历史和计数会回到原来的样子。", find: "另一位用户", findHint: "姓名、手机号或后四位、编号 m12…", nobody: "没有找到别人", choose: "选这位", other: "换一位", joined: "合并之后", clash: "请留意", clashOf: "两边都有{kind}：{here} + {there}", over: "超过上限 {cap}", none: "没有身份冲突。", overSure: "确认是同一人，超出上限也要合并", confirm: "确认合并", done: "已把 {away} 并入 {member}", undone: "已撤销合并", history: "合并记录", historyText: "谁与谁合成一人，何时、由谁；可以逐条撤销", at: "时间", who: "由谁", what: "合并", rule: "规则", hand: "手工", conflict: "冲突处理", undo: "撤销", undoneAt: "{by} 于 {at} 撤销", undoText: "{moved} 将重新成为独立的用户，各自的历史和计数回到合并前；合并后发生的事按身份归各自。", moved: "{moved} → {member}" },
  conflict: { title: "身份冲突", text: "这些身份本会把两位用户合成一人，但规则没有放行，等人判断。", open: "待处理", later: "稍后", merged: "已合并", apart: "已分开", none: "没有待处理的冲突", noneText: "规则拒绝的合并会出现在这里，例如同一手机号出现在两个账号上。", merge: "合并", keepApart: "不是同一人", put: "稍后再说", keys: "键盘：J/K 上下，M 合并，A 不是同一人，L 稍后", times: "出现 {n} 次", seen: "{from} 至 {to}", from: "来自 {source}", judged: "{by} 于 {at} 处理", more: "更多", queue: "冲突列表", link: "身份冲突", done: "已处理", brings: "事件属于", owns: "身份属于" },
  cause: { cap: "合并后会超过该类身份的上限", public_key: "双方都已识别，而来源是公开密钥", rename: "要改成的身份已属于别人", taken: "带来它的人另有账号：可能是二次放号" },
  privacy: { title: "隐私", export: "导出全部数据", exportText: "该用户的全部数据（明文，JSON 与 CSV，ZIP）。会记入审计。", erase: "删除此用户", eraseText: "将删除此用户的全部事件、身份、特征与记录，无法撤销；备份恢复时也会再次删除。会留下一张不含个人信息的凭证。", confirm: "请输入姓名或编号（{name}）以确认", reason: "原因", go: "永久删除", receipt: "删除凭证", receiptNo: "凭证 {n}", receiptText: "这张凭证只有数字和编号，不含个人信息。", download: "下载凭证", close: "回到用户列表", genuine: "校验无误", altered: "与写下时不同", events: "事件", parts: "重写的数据文件", identities: "身份", rows: "数据行", list: "删除凭证", listText: "谁在何时删除了谁；凭证不含个人信息", none: "还没有删除过用户。", member: "用户", by: "由谁", at: "时间", sum: "校验和", older: "更早", inventory: "保存了什么", inventoryText: "每张表的用途、期限、个人数据，以及导出与删除时怎么处理", table: "表", purpose: "用途", retention: "期限", personal: "个人数据", exported: "导出为", erased: "删除时", deleted: "删去", rewritten: "重写", kept: "保留" },
  eraseReason: { asked: "本人要求", withdrew: "撤回同意", minor: "未成年人", expired: "保存期满", mistake: "误收集", other: "其他" },
};

export default zh;
