// Draws the charts whose values stand in the page; colours come from the style sheet, numbers from the reader's locale.
"use strict";

(() => {
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const writer = (spec, short) => {
    const options = { share: { style: "percent", maximumFractionDigits: 1 }, count: {} }[spec.unit] ?? {
      style: "currency", currency: spec.currency, maximumFractionDigits: 0,
      ...(short ? { notation: "compact", maximumFractionDigits: 1 } : {}),
    };
    const format = new Intl.NumberFormat(spec.locale, options);
    const scale = spec.unit === "money" ? spec.minor : 1;
    return (value) => (value === null || value === undefined ? "–" : format.format(value / scale));
  };

  const line = (name, values, colour) => ({
    name, type: "line", data: values, symbol: "circle", symbolSize: 7, connectNulls: false,
    lineStyle: { width: 2.5, color: colour }, itemStyle: { color: colour },
  });

  const bars = (name, values, colour, running) => ({
    name, type: "bar", barMaxWidth: 42,
    data: values.map((value, i) => (running.includes(i) ? { value, itemStyle: { color: colour, opacity: 0.38 } } : value)),
    itemStyle: { color: colour, borderRadius: [4, 4, 0, 0] },
  });

  const option = (spec) => {
    const [ink, soft, rule, card, accent] = ["--ink", "--soft", "--line", "--card", "--accent"].map(token);
    const font = getComputedStyle(document.body).fontFamily;
    const write = writer(spec, false);
    const running = spec.running ?? [];
    return {
      animation: false,
      textStyle: { fontFamily: font, color: soft },
      grid: { left: 4, right: 10, top: 12, bottom: 4, containLabel: true },
      tooltip: {
        trigger: "axis", renderMode: "richText", backgroundColor: ink, borderWidth: 0, padding: [8, 12],
        axisPointer: { type: "line", lineStyle: { color: rule } },
        textStyle: { color: card, fontFamily: font, fontSize: 13 },
        formatter: (points) => `${points[0].name}${running.includes(points[0].dataIndex) ? " (still running)" : ""}\n`
          + points.map((p) => `${p.seriesName}: ${write(p.value)}`).join("\n"),
      },
      xAxis: {
        ...spec.xAxis, axisTick: { show: false }, axisLine: { lineStyle: { color: rule } },
        axisLabel: { color: soft, hideOverlap: true, fontSize: 12 },
      },
      yAxis: {
        ...spec.yAxis, scale: spec.unit === "share", max: spec.unit === "share" ? 1 : null, splitNumber: 4,
        axisLabel: { color: soft, formatter: writer(spec, true), fontSize: 12 }, splitLine: { lineStyle: { color: rule } },
      },
      series: spec.series.map((s) => (s.type === "line" ? line(s.name, s.data, accent) : bars(s.name, s.data, accent, running))),
    };
  };

  const start = (place) => {
    const spec = JSON.parse(place.dataset.chart);
    const chart = echarts.init(place, null, { renderer: "svg" });
    const draw = () => chart.setOption(option(spec), true);
    draw();
    new ResizeObserver(() => chart.resize()).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  };

  document.querySelectorAll("[data-chart]").forEach(start);
})();
