/* page_style.h - the page's one style sheet: seven stage colours, light and dark, laptop and phone.
 */
#pragma once

#define PAGE_STYLE                                                                                 \
    ":root{--bg:#f6f5f1;--card:#fff;--ink:#22252a;--soft:#6b7078;--line:#e4e1d8;--accent:#1f6f5c;" \
    "--s0:#c9ccd1;--s1:#8fc1e3;--s2:#4a9cc9;--s3:#2e7d6b;--s4:#d99a2b;--s5:#b9a58c;--s6:#8d7f86}"  \
    "@media(prefers-color-scheme:dark){:root{--bg:#16181b;--card:#1f2226;--ink:#e8e6e1;--soft:#"   \
    "9a9ea6;"                                                                                      \
    "--line:#31353b;--accent:#5cc2a6;--s0:#5d626a;--s1:#6aa6cf;--s2:#3f8dbb;--s3:#3fa48b;--s4:#"   \
    "e0a840;"                                                                                      \
    "--s5:#8f7f6a;--s6:#6f6269}}"                                                                  \
    "*{box-sizing:border-box;margin:0}"                                                            \
    "body{background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,'PingFang "  \
    "SC',"                                                                                         \
    "'Noto Sans CJK SC','Microsoft "                                                               \
    "YaHei',sans-serif;font-variant-numeric:tabular-nums;padding:24px 16px 48px}"                  \
    "main{max-width:1120px;margin:0 "                                                              \
    "auto;display:grid;gap:16px;grid-template-columns:repeat(12,minmax(0,1fr))}"                   \
    "header{grid-column:1/-1;display:flex;flex-wrap:wrap;align-items:baseline;gap:4px 16px}"       \
    "h1{font-size:24px;font-weight:650;letter-spacing:-.01em}"                                     \
    "header p{color:var(--soft)}header nav{margin-left:auto;display:flex;gap:12px;flex-wrap:wrap}" \
    "a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}"                \
    "a[aria-current]{color:var(--ink);font-weight:600}"                                            \
    "a:focus-visible{outline:2px solid var(--accent);outline-offset:3px}"                          \
    "section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px " \
    "18px;"                                                                                        \
    "min-width:0;overflow:hidden}"                                                                 \
    "h2{font-size:14px;font-weight:600;margin-bottom:10px}h2 "                                     \
    "small{font-weight:400;color:var(--soft);margin-left:8px}"                                     \
    ".kpi{grid-column:span 3}.kpi "                                                                \
    "b{display:block;font-size:30px;font-weight:620;line-height:1.15;"                             \
    "letter-spacing:-.02em}.kpi span{color:var(--soft);font-size:13px}"                            \
    ".w12{grid-column:1/-1}.w7{grid-column:span 7}.w5{grid-column:span 5}"                         \
    "svg{display:block;width:100%;height:auto}svg text{fill:var(--soft);font-size:11px}"           \
    ".grid{stroke:var(--line);stroke-width:1}.bar{fill:var(--accent)}.spark{fill:none;stroke:var(" \
    "--accent);stroke-width:1.5}"                                                                  \
    ".f0{fill:var(--s0)}.f1{fill:var(--s1)}.f2{fill:var(--s2)}.f3{fill:var(--s3)}.f4{fill:var(--"  \
    "s4)}.f5{fill:var(--s5)}.f6{fill:var(--s6)}"                                                   \
    ".legend{display:flex;flex-wrap:wrap;gap:4px "                                                 \
    "18px;margin-top:10px;font-size:13px;padding:0;list-style:none}"                               \
    ".legend svg{width:10px;height:10px;display:inline-block;margin-right:6px}.legend "            \
    "b{font-weight:600;margin-left:6px}"                                                           \
    "table{border-collapse:collapse;width:100%;font-size:13px}th{font-weight:500;color:var(--"     \
    "soft);text-align:right;padding:4px 6px;white-space:nowrap}"                                   \
    "td{text-align:right;padding:4px "                                                             \
    "6px;white-space:nowrap}th:first-child,td:first-child{text-align:left;padding-left:0}"         \
    ".list td{border-top:1px solid var(--line)}.list "                                             \
    "td:first-child{max-width:0;width:99%;overflow:hidden;text-overflow:ellipsis}"                 \
    ".list td svg{width:90px}"                                                                     \
    ".scroll{overflow-x:auto}.heat td{min-width:38px;text-align:center;border:1px solid "          \
    "var(--card);border-radius:4px}"                                                               \
    ".heat td:first-child,.heat td:nth-child(2){text-align:left;border:0}"                         \
    ".h0{background:color-mix(in srgb,var(--accent) 4%,transparent)}.h1{background:color-mix(in "  \
    "srgb,var(--accent) 12%,transparent)}"                                                         \
    ".h2{background:color-mix(in srgb,var(--accent) 22%,transparent)}.h3{background:color-mix(in " \
    "srgb,var(--accent) 34%,transparent)}"                                                         \
    ".h4{background:color-mix(in srgb,var(--accent) 48%,transparent)}.h5{background:color-mix(in " \
    "srgb,var(--accent) 64%,transparent)}"                                                         \
    ".empty{color:var(--soft);max-width:64ch}.empty "                                              \
    "pre{color:var(--ink);background:var(--bg);border-radius:6px;"                                 \
    "padding:10px 12px;margin:8px 0 14px;overflow-x:auto;font-size:13px}"                          \
    "footer{grid-column:1/-1;color:var(--soft);font-size:12px}"                                    \
    "@media(max-width:760px){.kpi{grid-column:span 6}.w7,.w5{grid-column:1/-1}body{padding:16px "  \
    "12px 32px}"                                                                                   \
    "section{padding:14px}.w12>svg text{font-size:20px}.w7>svg text{font-size:15px}.kpi "          \
    "b{font-size:24px}}"
