strategy({ api: 1, name: "strings", version: "1", timeframe: "1Min",
  onBar(bar, ctx) {
    let s = "";
    for (let i = 0; i < 5000; i++) s += String.fromCharCode(97 + (i % 26));
    if (s.length !== 5000) throw new Error("length");
    const t = `${s.slice(0, 5)}-${"ab".repeat(3)}-${"7".padStart(3, "0")}`;
    if (t !== "abcde-ababab-007") throw new Error(t);
    if ("\u00e9".normalize("NFD").length !== 2) throw new Error("normalize");
  },
});
