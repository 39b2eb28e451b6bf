/// The look of all pages: one column on a telephone, two on a screen.
enum PageStyle {
  static let text = """
    :root { --ink: #1c2430; --soft: #5b6675; --line: #d8dee6; --page: #ffffff; --card: #f6f8fa;
      --before: #9aa7b8; --after: #1f6feb; --good: #1a7f4b; --bad: #b3382c; color-scheme: light dark; }
    @media (prefers-color-scheme: dark) { :root { --ink: #e6ebf2; --soft: #a3afbf; --line: #38424f;
      --page: #12171e; --card: #1b222b; --before: #7d8a9b; --after: #6cb0ff; --good: #5cc98c;
      --bad: #ff8a7d; } }
    * { box-sizing: border-box; }
    body { margin: 0 auto; padding: 24px 16px 48px; max-width: 1180px; color: var(--ink);
      background: var(--page); font: 15px/1.5 system-ui, "Segoe UI", "Noto Sans", sans-serif; }
    h1 { font-size: 26px; line-height: 1.2; margin: 0 0 4px; }
    h2 { font-size: 19px; margin: 36px 0 12px; padding-top: 12px; border-top: 1px solid var(--line); }
    h3 { font-size: 15px; margin: 0 0 8px; }
    p { margin: 0 0 8px; overflow-wrap: anywhere; }
    .subtitle, .how, footer, figcaption { color: var(--soft); }
    .how, figcaption, footer { font-size: 13px; }
    figcaption { margin-top: 8px; }
    footer { margin-top: 40px; border-top: 1px solid var(--line); padding-top: 12px; }
    .grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr));
      gap: 16px; }
    .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 250px), 1fr));
      gap: 12px; }
    .card, figure { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
      padding: 14px; margin: 0; min-width: 0; }
    .value { font-size: 24px; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
    .name { font-weight: 600; }
    .plot { position: relative; height: 190px; border-bottom: 1px solid var(--line);
      border-left: 1px solid var(--line); }
    .plot svg { position: absolute; inset: 0; width: 100%; height: 100%; display: block; }
    .top { position: absolute; left: 6px; top: 0; font-size: 12px; color: var(--soft); }
    .axis { display: flex; justify-content: space-between; font-size: 12px; color: var(--soft);
      margin-top: 4px; }
    .legend { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 13px; margin: 8px 0 0; }
    .legend i { display: inline-block; width: 12px; height: 12px; border-radius: 3px;
      margin-right: 6px; vertical-align: -1px; }
    .bars { display: grid; grid-template-columns: minmax(92px, auto) 1fr minmax(56px, auto);
      gap: 6px 10px; align-items: center; font-size: 13px; }
    .bars .track { height: 16px; background: var(--line); border-radius: 4px; overflow: hidden; }
    .bars .track b { display: block; height: 100%; background: var(--after); border-radius: 4px; }
    .bars .count { text-align: right; font-variant-numeric: tabular-nums; }
    table { border-collapse: collapse; width: 100%; table-layout: fixed; font-size: 13px;
      font-variant-numeric: tabular-nums; }
    th, td { padding: 6px 4px; text-align: center; border: 1px solid var(--page);
      overflow-wrap: anywhere; }
    th { font-weight: 600; color: var(--soft); }
    .movers { display: grid; gap: 8px; padding: 0; margin: 0; list-style: none; }
    .movers li { display: grid; grid-template-columns: minmax(130px, 1fr) auto auto; gap: 2px 14px;
      align-items: baseline; background: var(--card); border: 1px solid var(--line);
      border-radius: 8px; padding: 8px 12px; }
    .movers .why { grid-column: 1 / -1; font-size: 13px; color: var(--soft); }
    .up { color: var(--good); } .down { color: var(--bad); }
    .up, .down { font-weight: 650; font-variant-numeric: tabular-nums; }
    @media print { body { max-width: none; } figure, .card, li { break-inside: avoid; } }
    """
}
