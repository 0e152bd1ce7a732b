/* How the search of the site orders its results: pages to read before pages of the reference, and
   those before the gallery and the changes; classes found by their own name stay first. */
var Scorer = {
  score: ([docname, title, anchor, descr, score, filename, kind]) => {
    if (kind === "object") return score;
    if (docname.startsWith("api/generated/skmlp.nn")) return score * 0.2;
    if (docname.startsWith("api/")) return score * 0.5;
    if (docname.startsWith("gallery/")) return score * 0.6;
    if (docname === "changelog" || docname === "design" || docname === "releasing") return score * 0.3;
    return score;
  },
  objNameMatch: 25,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 25,
  partialTitle: 12,
  term: 5,
  partialTerm: 1,
};
