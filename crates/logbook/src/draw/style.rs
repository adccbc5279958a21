//! Colours, light and dark.

/// The style sheet of every picture. Working is blue and waiting is orange: two colours that stay apart for every kind
/// of colour blindness, and apart in lightness too, for print in grey. Written out for light and for dark instead of with custom
/// properties, which not every program that shows SVG knows.
pub(super) const STYLE: &str = "\
    text { font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; font-size: 13px; fill: #1f2328; }
    .title { font-size: 21px; font-weight: 600; }
    .figure { font-size: 19px; font-weight: 600; }
    .heading { font-weight: 600; }
    .quiet { fill: #59636e; }
    .small { font-size: 12px; }
    .time, .tick { font-variant-numeric: tabular-nums; }
    .tick { font-size: 12px; fill: #59636e; }
    .paper { fill: #ffffff; }
    .row { stroke: #eaeef2; }
    .grid { stroke: #d1d9e0; }
    .working { fill: #0969b0; }
    .waiting { fill: #e8a317; }
    .theirs { fill: #e8a317; fill-opacity: 0.15; stroke: #b87a00; stroke-dasharray: 3 2; }
    .several { stroke: #b87a00; stroke-width: 2; stroke-dasharray: 1 5; stroke-linecap: round; }
    .decision { fill: #59636e; }
    .lens { fill: #0969b0; fill-opacity: 0.07; }
    .way { fill: none; stroke: #59636e; stroke-width: 1.5; }
    .way-head { fill: #59636e; }
    .lost { stroke: #c03030; stroke-width: 2.5; stroke-linecap: round; }
    .free { fill: none; stroke: #9aa4ae; stroke-dasharray: 2 2; }
    .room { fill: none; stroke: #59636e; stroke-width: 1.2; }
    .unseen { fill: none; stroke: #b6bfc8; stroke-dasharray: 4 3; }
    .pale { fill: #8b949e; }
    .band { fill: #59636e; fill-opacity: 0.06; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .quiet, .tick { fill: #9da7b1; }
      .paper { fill: #0d1117; }
      .row { stroke: #21262d; }
      .grid { stroke: #343b44; }
      .working { fill: #4aa8f0; }
      .waiting { fill: #f0b429; }
      .theirs { fill: #f0b429; stroke: #f0b429; }
      .several { stroke: #f0b429; }
      .decision { fill: #9da7b1; }
      .lens { fill: #4aa8f0; fill-opacity: 0.13; }
      .way { stroke: #9da7b1; }
      .way-head { fill: #9da7b1; }
      .lost { stroke: #ff7b72; }
      .free { stroke: #5b6470; }
      .room { stroke: #9da7b1; }
      .unseen { stroke: #454d57; }
      .pale { fill: #6e7781; }
      .band { fill: #9da7b1; fill-opacity: 0.08; }
    }
";
