/* Charts from small JSON: {labels: [...], series: [{name, values: [number or null, ...], plain}, ...]}.
   <section data-charts="address"> holds <div data-chart="name [name ...]" data-height data-print="WxH">; the same
   figures stand in a table below, which is all that is there without this file. */
(() => {
  "use strict";
  const ink = "#1b2a2d", faint = "#d9e1e0";
  // Told apart by colour, by dash and by mark: also on grey paper.
  const styles = [
    { stroke: "#085049", width: 2.5, dash: [], size: 7 },
    { stroke: "#1d4f91", width: 2, dash: [8, 5], size: 5 },
    { stroke: "#a3261c", width: 2, dash: [2, 4], size: 5 },
    { stroke: "#7a4b00", width: 2, dash: [10, 4, 2, 4], size: 5 },
  ];
  const font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const drawn = [];

  function options(place, told, series, width, height) {
    const most = Number(place.dataset.most || 0);
    return {
      width, height,
      cursor: { show: false },
      legend: { show: false },
      padding: [10, 28, 0, 0],
      scales: { x: { time: false, range: [-0.3, told.labels.length - 0.7] }, y: { range: (plot, low, high) => [0, most || Math.max(4, (high || 0) * 1.1)] } },
      axes: [
        { stroke: ink, font, grid: { show: false }, ticks: { stroke: faint }, size: 34, space: 56, incrs: [1, 2, 3, 4, 6, 7, 12, 14], values: (plot, at) => at.map((n) => told.labels[n] || "") },
        { stroke: ink, font, grid: { stroke: faint, width: 1 }, ticks: { show: false }, size: most ? 38 : 62, space: 28, values: (plot, at) => at.map((n) => number.format(n)) },
      ],
      series: [{}, ...series.map((one, n) => {
        const style = styles[n % styles.length];
        const plain = series[n].plain;  // a line to compare with has no marks
        return { stroke: style.stroke, width: plain ? 1.5 : style.width, dash: style.dash, spanGaps: false, points: { show: !plain, size: style.size, fill: n % 2 ? "#fff" : style.stroke, stroke: style.stroke, width: 2 } };
      })],
    };
  }

  function draw(place, told) {
    const names = place.dataset.chart.split(" ");
    const series = names.map((name) => told.series.find((one) => one.name === name)).filter(Boolean);
    if (!series.length || series.every((one) => one.values.every((value) => value === null))) return;
    place.hidden = false;
    const frame = place.closest("[data-drawn]");
    if (frame) frame.hidden = false;
    const size = () => ({ width: place.clientWidth, height: Number(place.dataset.height) });
    const data = [told.labels.map((label, n) => n), ...series.map((one) => one.values)];
    const plot = new uPlot(options(place, told, series, size().width, size().height), data, place);
    drawn.push({ plot, size, print: (place.dataset.print || "690x240").split("x").map(Number) });
  }

  const onScreen = () => drawn.forEach(({ plot, size }) => plot.setSize(size()));
  const onPaper = () => drawn.forEach(({ plot, print }) => plot.setSize({ width: print[0], height: print[1] }));

  for (const section of document.querySelectorAll("[data-charts]")) {
    fetch(section.dataset.charts, { headers: { Accept: "application/json" } })
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
      .then((told) => {
        section.querySelectorAll("[data-chart]").forEach((place) => draw(place, told));
        section.dataset.drawn = "yes";
      })
      .catch(() => {});  // the table below says the same
  }
  let waiting = 0;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(onScreen, 150); });
  addEventListener("beforeprint", onPaper);
  addEventListener("afterprint", onScreen);
})();
