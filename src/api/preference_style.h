/* preference_style.h - the looks of the preference page: one column, for a phone first, light and
 * dark; nothing is fetched. */
#pragma once

static const char preference_style[] =
    ":root{color-scheme:light dark;--ink:#1d2433;--soft:#5c6678;--bg:#f5f6f8;--card:#fff;"
    "--line:#dfe3ea;--main:#0b6b53}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e7eaf0;--soft:#9aa4b5;--bg:#12151b;"
    "--card:#1b2029;--line:#2e3542;--main:#4cc3a1}}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"
    "\"PingFang SC\",\"Noto Sans CJK SC\",sans-serif}"
    "main{max-width:620px;margin:0 auto;padding:20px 16px 48px}"
    "header{display:flex;justify-content:space-between;align-items:baseline;gap:12px}"
    "h1{font-size:22px;margin:8px 0}h2{font-size:17px;margin:0 0 4px}"
    "p{margin:6px 0}.soft{color:var(--soft);font-size:14px}"
    "section{background:var(--card);border:1px solid var(--line);border-radius:12px;"
    "padding:16px;margin:14px 0}"
    "label{display:flex;align-items:center;gap:12px;min-height:44px;border-top:1px solid "
    "var(--line)}"
    "input{width:22px;height:22px;accent-color:var(--main);flex:none}"
    "details{font-size:14px;color:var(--soft);margin:0 0 8px;overflow-wrap:anywhere}"
    "details p{white-space:pre-wrap}summary{min-height:32px;cursor:pointer}"
    "button{font:inherit;width:100%;min-height:48px;border-radius:10px;border:1px solid "
    "var(--line);background:var(--card);color:var(--ink);margin-top:10px;cursor:pointer}"
    "button.main{background:var(--main);border-color:var(--main);color:#fff;font-weight:600}"
    "@media(prefers-color-scheme:dark){button.main{color:#08130f}}"
    "a{color:var(--main)}.done{border-color:var(--main)}"
    ":focus-visible{outline:3px solid var(--main);outline-offset:2px}";
