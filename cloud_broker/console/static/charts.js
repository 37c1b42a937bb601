/**
 * Charts that can be pointed at, zoomed and read by keyboard, drawn by ECharts from the figures
 * that the page carries. The server's own drawing stays for paper and for whoever has no script.
 */

const LIBRARY = "/console/static/vendor/echarts.common.min.js";
/** @type {Promise<any> | null} */
let loading = null;

/** Loads ECharts once, and only where a page has a chart. */
function library() {
  loading ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = LIBRARY;
    script.onload = () => done(window.echarts);
    script.onerror = failed;
    document.head.append(script);
  });
  return loading;
}

/**
 * Writes a value as the page does.
 * @param {number} value
 * @param {string} unit
 */
export function said(value, unit) {
  const lang = document.documentElement.lang;
  if (unit === "yuan") {
    return `¥${(value / 100).toLocaleString(lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  }
  if (unit === "points") return `${(value * 100).toFixed(1)}`;
  return `${value.toLocaleString(lang)} ${unit}`.trim();
}

/**
 * Writes where a point stands: a name as it is, a moment in the chain's own zone.
 * @param {string | number} at
 * @param {string} kind
 * @param {string} zone
 */
function placed(at, kind, zone) {
  if (kind !== "time") return String(at);
  const parts = { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return new Date(Number(at)).toLocaleString(document.documentElement.lang, { ...parts, timeZone: zone });
}

/** The colours and letters of the page, light or dark as it is now. */
function look() {
  const style = getComputedStyle(document.documentElement);
  const ink = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  return {
    accent: ink("--accent"), ink: ink("--ink"), muted: ink("--muted"), line: ink("--line"),
    card: ink("--card"), degraded: ink("--degraded"), font: ink("--font"),
  };
}

/** An option of what all charts share. */
function frame(spec, zone, tones) {
  const text = { color: tones.muted, fontFamily: tones.font, fontSize: 12 };
  const value = {
    type: "value",
    axisLabel: { ...text, formatter: (one) => said(one, spec.unit) },
    splitLine: { lineStyle: { color: tones.line } },
  };
  const place = {
    type: spec.x === "time" ? "time" : "category",
    axisLabel: { ...text, hideOverlap: true },
    axisLine: { lineStyle: { color: tones.line } },
    axisTick: { show: false },
  };
  if (spec.x === "time") place.axisLabel.formatter = (one) => placed(one, "time", zone);
  return {
    animation: false,
    textStyle: { fontFamily: tones.font },
    tooltip: {
      trigger: "axis",
      // Drawn, not written as HTML: the page's policy lets in no style of an element.
      renderMode: "richText",
      backgroundColor: tones.card,
      borderColor: tones.line,
      textStyle: { color: tones.ink, fontFamily: tones.font, fontSize: 13 },
    },
    grid: { left: 4, right: 12, top: 12, bottom: 4, containLabel: true },
    value,
    place,
  };
}

function lines(spec, zone, tones) {
  const { value, place, ...option } = frame(spec, zone, tones);
  const series = [];
  if (spec.band) {
    const flat = { type: "line", stack: "band", stackStrategy: "all", symbol: "none", silent: true, lineStyle: { opacity: 0 } };
    series.push({ ...flat, data: spec.band.map(([at, low]) => [at, low]) });
    series.push({ ...flat, data: spec.band.map(([at, low, high]) => [at, high - low]), areaStyle: { color: tones.accent, opacity: 0.16 } });
  }
  const alone = spec.points.length < 3;
  series.push({
    type: "line", name: spec.name, data: spec.points, connectNulls: false,
    symbol: alone ? "circle" : "none", symbolSize: 6, color: tones.accent, lineStyle: { width: 1.5 },
    markLine: spec.limit && {
      symbol: "none", silent: true, data: [{ yAxis: spec.limit.at }],
      label: { formatter: spec.limit.name, position: "insideEndTop", color: tones.degraded, fontSize: 11 },
      lineStyle: { color: tones.degraded, type: "dashed" },
    },
  });
  if (spec.top) value.max = spec.top;
  value.splitNumber = 3;
  const bounds = new Map((spec.band ?? []).map(([at, low, high]) => [String(at), [low, high]]));
  const read = (at, one) => {
    const [low, high] = bounds.get(String(at)) ?? [];
    const range = low === undefined ? "" : ` (${said(low, spec.unit)} – ${said(high, spec.unit)})`;
    return `${placed(at, spec.x, zone)} · ${spec.name} ${said(one, spec.unit)}${range}`;
  };
  option.tooltip.formatter = (found) => {
    const hit = found.find((one) => one.seriesName === spec.name);
    return hit && hit.value[1] !== null ? read(hit.value[0], hit.value[1]) : "";
  };
  return {
    ...option, xAxis: place, yAxis: value, series,
    dataZoom: [{ type: "inside", zoomOnMouseWheel: "shift", moveOnMouseWheel: false }],
    read: (nth) => (spec.points[nth]?.[1] == null ? "" : read(...spec.points[nth])),
    count: spec.points.length, shown: series.length - 1,
  };
}

function bars(spec, zone, tones) {
  const { value, place, ...option } = frame(spec, zone, tones);
  const colours = [tones.accent, tones.degraded, tones.muted];
  const read = (nth) =>
    [spec.names[nth], ...spec.bars.map((one) => `${one.name} ${said(one.values[nth], spec.unit)}`)].join(" · ");
  option.tooltip.axisPointer = { type: "shadow" };
  option.tooltip.formatter = (found) => read(found[0].dataIndex);
  return {
    ...option,
    legend: { top: 0, right: 0, textStyle: { color: tones.ink, fontFamily: tones.font } },
    grid: { ...option.grid, top: 32, right: 24 },
    xAxis: { ...value, splitNumber: 4 },
    yAxis: { ...place, inverse: true, data: spec.names, axisLabel: { ...place.axisLabel, color: tones.ink, width: 150, overflow: "truncate" } },
    series: spec.bars.map((one, nth) => ({
      type: "bar", name: one.name, data: one.values, color: colours[nth], barMaxWidth: 16,
      label: { show: nth === 0, position: "right", color: tones.ink, formatter: (at) => said(at.value, spec.unit) },
    })),
    read, count: spec.names.length, shown: 0,
  };
}

/** Draws one figure, and lets the arrow keys walk over its points. */
function draw(figure, echarts) {
  const spec = JSON.parse(figure.dataset.chart);
  const zone = figure.dataset.zone;
  const drawn = figure.querySelector(":scope > svg");
  const place = document.createElement("div");
  const heard = document.createElement("output");
  place.className = "chart__live";
  place.tabIndex = 0;
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", figure.dataset.keys);
  place.style.height = `${spec.bars ? 48 + 44 * spec.names.length : Math.max(140, drawn.clientHeight)}px`;
  heard.className = "small muted chart__read";
  drawn.after(place, heard);
  figure.classList.add("chart--live");
  const chart = echarts.init(place, null, { renderer: "canvas" });
  const { read, count, shown, ...option } = (spec.bars ? bars : lines)(spec, zone, look());
  chart.setOption(option);
  new ResizeObserver(() => chart.resize()).observe(place);
  let at = -1;
  place.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    do at += step;
    while (at >= 0 && at < count && !read(at));
    at = Math.max(0, Math.min(count - 1, at));
    chart.dispatchAction({ type: "showTip", seriesIndex: shown, dataIndex: at });
    heard.textContent = read(at);
  });
  place.addEventListener("blur", () => chart.dispatchAction({ type: "hideTip" }));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    const { read: _r, count: _c, shown: _s, ...again } = (spec.bars ? bars : lines)(spec, zone, look());
    if (place.isConnected) chart.setOption(again);
  });
}

/** Brings the page's charts to life, and those that arrive later. */
export function watchCharts() {
  const wake = async () => {
    const waiting = document.querySelectorAll("figure[data-chart]:not(.chart--live)");
    if (!waiting.length) return;
    const echarts = await library();
    for (const figure of waiting) {
      if (figure.isConnected && !figure.classList.contains("chart--live")) draw(figure, echarts);
    }
  };
  wake();
  document.body.addEventListener("htmx:after:swap", wake);
}
