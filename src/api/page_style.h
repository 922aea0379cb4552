/* page_style.h - the page's one style sheet: seven stage colours, light and dark, laptop and phone.
 */
#pragma once

/* clang-format off */
#define PAGE_STYLE \
    ":root{color-scheme:light dark;--bg:#f6f5f1;--card:#fff;--ink:#22252a;--soft:#62676f;--line:#e4e1d8;" \
    "--accent:#1f6f5c;--heat:#2f8a72;" \
    "--s0:#c9ccd1;--s1:#8fc1e3;--s2:#4a9cc9;--s3:#2e7d6b;--s4:#d99a2b;--s5:#b9a58c;--s6:#8d7f86}" \
    "@media(prefers-color-scheme:dark){:root{--bg:#16181b;--card:#1f2226;--ink:#e8e6e1;--soft:#a2a6ae;" \
    "--line:#31353b;--accent:#5cc2a6;--heat:#2f8f78;" \
    "--s0:#5d626a;--s1:#6aa6cf;--s2:#3f8dbb;--s3:#3fa48b;--s4:#e0a840;--s5:#8f7f6a;--s6:#6f6269}}" \
    "*{box-sizing:border-box;margin:0}" \
    "body{background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,'PingFang SC'," \
    "'Noto Sans CJK SC','Microsoft YaHei',sans-serif;font-variant-numeric:tabular-nums;" \
    "padding:24px 16px 48px}" \
    "main{max-width:1120px;margin:0 auto;display:grid;gap:16px;" \
    "grid-template-columns:repeat(12,minmax(0,1fr))}" \
    "header{grid-column:1/-1;display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 16px}" \
    "h1{font-size:24px;font-weight:650;overflow-wrap:anywhere}" \
    "header p{color:var(--soft)}" \
    "nav{margin-left:auto;display:flex;gap:2px 14px;flex-wrap:wrap;min-width:0;overflow-wrap:anywhere}" \
    "a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}" \
    "a[aria-current]{color:var(--ink);font-weight:600}" \
    ":focus-visible{outline:2px solid var(--accent);outline-offset:3px}" \
    "section{background:var(--card);border:1px solid var(--line);border-radius:10px;" \
    "padding:16px 18px;min-width:0;overflow:hidden}" \
    "h2{font-size:14px;font-weight:600;margin-bottom:10px}" \
    "h2 small{font-size:13px;font-weight:400;color:var(--soft);margin-left:8px}" \
    ".kpi{grid-column:span 3}" \
    ".kpi b{display:block;font-size:30px;font-weight:620;line-height:1.15;letter-spacing:-.02em}" \
    ".kpi span{color:var(--soft);font-size:13px}" \
    ".w12{grid-column:1/-1}.w7{grid-column:span 7}.w5{grid-column:span 5}" \
    "svg{display:block;width:100%;height:auto}svg text{fill:var(--soft);font-size:11px}" \
    ".chart.on-phone{display:none}" \
    ".grid{stroke:var(--line);stroke-width:1}.bar{fill:var(--accent)}" \
    ".spark{fill:none;stroke:var(--accent);stroke-width:1.5}" \
    ".f0{fill:var(--s0)}.f1{fill:var(--s1)}.f2{fill:var(--s2)}.f3{fill:var(--s3)}.f4{fill:var(--s4)}" \
    ".f5{fill:var(--s5)}.f6{fill:var(--s6)}" \
    ".legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin-top:10px;font-size:13px;padding:0;" \
    "list-style:none}" \
    ".legend svg{width:10px;height:10px;display:inline-block;margin-right:6px}" \
    ".legend b{font-weight:600;margin-left:6px}" \
    "table{border-collapse:collapse;width:100%;font-size:13px}" \
    "th{font-weight:500;color:var(--soft);text-align:right;padding:4px 6px;white-space:nowrap}" \
    "td{text-align:right;padding:4px 6px;white-space:nowrap}" \
    "th:first-child,td:first-child{text-align:left;padding-left:0}" \
    "th:last-child,td:last-child{padding-right:0}" \
    ".list td{border-top:1px solid var(--line)}" \
    ".list tr:first-child td{border-top:0}" \
    ".list td:first-child{max-width:0;width:99%;overflow:hidden;text-overflow:ellipsis}" \
    ".list td svg{width:90px}.groups th:nth-child(3){text-align:left}" \
    ".scroll{overflow-x:auto}" \
    ".heat td,.heat th{min-width:40px;text-align:center}" \
    ".heat td{border:1px solid var(--card);border-radius:4px;" \
    "background:color-mix(in srgb,var(--heat) var(--p,0%),transparent)}" \
    ".heat tr>:first-child{text-align:left}.heat tr>:nth-child(2){text-align:right;padding-right:14px}" \
    ".h0{--p:5%}.h1{--p:13%}.h2{--p:24%}.h3{--p:36%}.h4{--p:48%}.h5{--p:62%}" \
    ".empty{color:var(--soft);max-width:72ch}" \
    "pre{color:var(--ink);background:var(--bg);border-radius:6px;padding:10px 12px;" \
    "margin:8px 0 14px;white-space:pre-wrap;overflow-wrap:anywhere;font-size:13px}" \
    "footer{grid-column:1/-1;color:var(--soft);font-size:12px}" \
    "@media(max-width:960px){.w7,.w5{grid-column:1/-1}.w12>.on-laptop text{font-size:14px}}" \
    "@media(max-width:760px){main{gap:12px}.kpi{grid-column:span 6}.kpi b{font-size:24px}" \
    "body{padding:16px 12px 32px}section{padding:14px}" \
    ".chart.on-laptop{display:none}.chart.on-phone{display:block}.on-phone text{font-size:8px}" \
    ".groups tr>:last-child{display:none}.groups td svg{width:52px}" \
    ".groups span{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;" \
    "white-space:normal;overflow:hidden;overflow-wrap:anywhere}}" \
    "@media(max-width:480px){.on-phone text{font-size:12px}.heat td,.heat th{padding:4px 3px}}"
/* clang-format on */
