// How axe is asked about a page: `access.ask`; and the kinds of things laid out there: `access.kinds`.
globalThis.access = (() => {
    const everything = () => [...document.querySelectorAll("body, body :not(svg *)")];
    const kind = it => `${it.tagName}.${it.getAttribute("class") ?? ""} ${getComputedStyle(it).display}`;

    // A long list is of few kinds of rows, and axe takes as long over each row as over the first: all but two rows of
    // those made and coloured alike are away while it looks.
    const ofOneRow = /^(id|href|for|value|datetime|title|hx-.*|aria-(label|labelledby|describedby))$/;
    const made = it => {
        const { color, backgroundColor } = getComputedStyle(it);
        const said = [...it.attributes].filter(each => !ofOneRow.test(each.name)).map(each => each.name + each.value);
        return [it.tagName, ...said, color, backgroundColor].join(" ");
    };
    const alike = () => {
        const kinds = new Map();
        return [...document.querySelectorAll("tr, li")].filter(row => {
            const kind = [row, ...row.querySelectorAll("*")].map(made).join("\n");
            kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
            return kinds.get(kind) > 2 && !row.contains(document.activeElement); // which would lose the focus
        });
    };

    // What the contrast of letters depends on: how they look, and all that lies behind them.
    const ground = (it, grounds) => {
        if (!it) return "";
        if (!grounds.has(it)) {
            const { position, opacity, backgroundColor, backgroundImage } = getComputedStyle(it);
            const place = position === "static" ? "" : kind(it);
            const own = [place, opacity, backgroundColor, backgroundImage].join(" ");
            const clear = own === " 1 rgba(0, 0, 0, 0) none";
            grounds.set(it, (clear ? "" : `${own} `) + ground(it.parentElement, grounds));
        }
        return grounds.get(it);
    };
    const letters = (it, grounds) => {
        const { color, fontSize, fontWeight, textShadow } = getComputedStyle(it);
        return `${kind(it)} ${color} ${fontSize} ${fontWeight} ${textShadow} on ${ground(it, grounds)}`;
    };

    // Half of axe's time goes to contrast: it measures letters that look as some it found fine on another page no more.
    const trust = fine => {
        const known = new Set(fine), found = new Set(), grounds = new Map();
        const check = axe._audit.checks["color-contrast"];
        check.measure ??= check.evaluate;
        check.evaluate = function (it, ...more) {
            const look = letters(it, grounds);
            if (known.has(look)) return true;
            const answer = check.measure.call(this, it, ...more);
            for (const each of answer ? [known, found] : []) each.add(look);
            return answer;
        };
        return found;
    };

    const ask = async ({ tags, fine, kinds }) => {
        const rows = alike(), places = rows.map(() => new Comment());
        rows.forEach((row, n) => row.replaceWith(places[n]));
        const found = trust(fine);
        const where = kinds ? { include: everything().filter(it => kinds.includes(kind(it))) } : document;
        const options = { resultTypes: ["violations"], preload: false, ...(tags.length && { runOnly: tags }) };
        try {
            const { violations } = await axe.run(where, options);
            return { violations, fine: [...found] };
        } finally {
            places.forEach((place, n) => place.replaceWith(rows[n]));
        }
    };

    const layout = () => [document.documentElement.scrollWidth, [...new Set(everything().map(kind))]];
    return { ask, layout };
})();
