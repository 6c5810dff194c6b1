"""What a run rests on: one entry a source, as BibTeX and as a line to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import final


@final
@dataclass(frozen=True)
class Source:
    """An entry of a bibliography.

    Args:
        kind: of BibTeX, such as `article`.
        authors: as BibTeX has them: `Family, Given` with `and` between them.
        title: of the work.
        year: of its appearance.
        rest: further fields of BibTeX: journal, volume, pages, doi, ...
    """

    kind: str
    authors: str
    title: str
    year: int
    rest: Mapping[str, str] = field(default_factory=dict)

    def bibtex(self, key: str) -> str:
        """The entry under a key."""
        fields = {"author": self.authors, "title": f"{{{self.title}}}", **self.rest, "year": str(self.year)}
        rows = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items())
        return f"@{self.kind}{{{key},\n{rows}}}\n"

    @property
    def line(self) -> str:
        """Authors by their initials, title, place and year, as plain text."""
        authors = ", ".join(map(_initials, self.authors.split(" and "))).replace(", and others", " and others")
        place = next(
            (self.rest[name] for name in ("journal", "booktitle", "publisher", "note") if name in self.rest), ""
        )
        numbers = " ".join(filter(None, [place, self.rest.get("volume")]))
        pages = f", {self.rest['pages'].replace('--', '–')}" if "pages" in self.rest else ""
        edition = f", {self.rest['edition']} edition" if "edition" in self.rest else ""
        return f"{authors}: {self.title}{edition}. {numbers} ({self.year}){pages}."


def _initials(author: str) -> str:
    """`Raissi, Maziar` as `M. Raissi`; a name without a comma as it is."""
    if author == "others":
        return "and others"
    family, comma, given = author.partition(", ")
    if not comma:
        return author
    return " ".join([*(f"{'-'.join(part[0] + '.' for part in name.split('-'))}" for name in given.split()), family])


def bibtex(keys: Iterable[str]) -> str:
    """The entries of some keys of `SOURCES`, each once, in the order given."""
    return "\n".join(SOURCES[key].bibtex(key) for key in dict.fromkeys(keys))


_CMAME = "Computer Methods in Applied Mechanics and Engineering"
_JCP = "Journal of Computational Physics"


def _article(authors: str, title: str, year: int, *place: str) -> Source:
    """One in a journal: its name, the volume, and perhaps the pages and the identifier of the document."""
    return Source(
        "article", authors, title, year, dict(zip(("journal", "volume", "pages", "doi"), place, strict=False))
    )


def _talk(authors: str, title: str, year: int, booktitle: str) -> Source:
    return Source("inproceedings", authors, title, year, {"booktitle": booktitle})


SOURCES: Mapping[str, Source] = {
    "abadi2016": _talk(
        "Abadi, Martín and Barham, Paul and Chen, Jianmin and others",
        "TensorFlow: A System for Large-Scale Machine Learning",
        2016,
        "12th USENIX Symposium on Operating Systems Design and Implementation (OSDI)",
    ),
    "albaali1998": _article(
        "Al-Baali, Mehiddin",
        "Numerical Experience with a Class of Self-Scaling Quasi-Newton Algorithms",
        *(1998, "Journal of Optimization Theory and Applications", "96", "533--553"),
    ),
    "albaali2005": _article(
        "Al-Baali, Mehiddin and Khalfan, Humaid",
        "Wide Interval for Efficient Self-Scaling Quasi-Newton Algorithms",
        *(2005, "Optimization Methods and Software", "20", "679--691"),
    ),
    "babuska1997": _article(
        "Babuška, Ivo and Melenk, Jens Markus",
        "The Partition of Unity Method",
        *(1997, "International Journal for Numerical Methods in Engineering", "40", "727--758"),
    ),
    "bischof2025": _article(
        "Bischof, Rafael and Kraus, Michael A.",
        "Multi-Objective Loss Balancing for Physics-Informed Deep Learning",
        *(2025, _CMAME, "439", "117914"),
    ),
    "bruna2024": _article(
        "Bruna, Joan and Peherstorfer, Benjamin and Vanden-Eijnden, Eric",
        "Neural Galerkin Schemes with Active Learning for High-Dimensional Evolution Equations",
        *(2024, _JCP, "496", "112588", "10.1016/j.jcp.2023.112588"),
    ),
    "chen2022": _article(
        "Chen, Jingrun and Chi, Xurong and E, Weinan and Yang, Zhouwang",
        "Bridging Traditional and Machine Learning-Based Algorithms for Solving PDEs: The Random Feature Method",
        *(2022, "Journal of Machine Learning", "1", "268--298"),
    ),
    "chen2023": _article(
        "Chen, Jingrun and E, Weinan and Luo, Yixin",
        "The Random Feature Method for Time-Dependent Problems",
        *(2023, "East Asian Journal on Applied Mathematics", "13"),
    ),
    "dong2021": _article(
        "Dong, Suchuan and Li, Zongwei",
        "Local Extreme Learning Machines and Domain Decomposition for Solving Linear and Nonlinear Partial "
        "Differential Equations",
        *(2021, _CMAME, "387", "114129", "10.1016/j.cma.2021.114129"),
    ),
    "du2021": _article(
        "Du, Yifan and Zaki, Tamer A.",
        "Evolutional Deep Neural Network",
        *(2021, "Physical Review E", "104", "045303", "10.1103/PhysRevE.104.045303"),
    ),
    "frangella2023": _article(
        "Frangella, Zachary and Tropp, Joel A. and Udell, Madeleine",
        "Randomized Nyström Preconditioning",
        *(2023, "SIAM Journal on Matrix Analysis and Applications", "44", "718--752"),
    ),
    "goldshlager2024": _article(
        "Goldshlager, Gil and Abrahamsen, Nilin and Lin, Lin",
        "A Kaczmarz-Inspired Approach to Accelerate the Optimization of Neural Network Wavefunctions",
        *(2024, _JCP, "516", "113351"),
    ),
    "golub2013": Source(
        "book",
        "Golub, Gene H. and Van Loan, Charles F.",
        "Matrix Computations",
        2013,
        {"edition": "4th", "publisher": "Johns Hopkins University Press"},
    ),
    "gustafsson2020": _article(
        "Gustafsson, Tom and McBain, G. D.",
        "scikit-fem: A Python Package for Finite Element Assembly",
        *(2020, "Journal of Open Source Software", "5", "2369", "10.21105/joss.02369"),
    ),
    "hashemi2023": _article(
        "Hashemi, Abolfazl and Schaeffer, Hayden and Shi, Robert and Topcu, Ufuk and Tran, Giang and Ward, Rachel",
        "Generalization Bounds for Sparse Random Feature Expansions",
        *(2023, "Applied and Computational Harmonic Analysis", "62", "310--330"),
    ),
    "kingma2015": _talk(
        "Kingma, Diederik P. and Ba, Jimmy",
        "Adam: A Method for Stochastic Optimization",
        *(2015, "International Conference on Learning Representations (ICLR)"),
    ),
    "lagaris1998": _article(
        "Lagaris, Isaac E. and Likas, Aristidis and Fotiadis, Dimitrios I.",
        "Artificial Neural Networks for Solving Ordinary and Partial Differential Equations",
        *(1998, "IEEE Transactions on Neural Networks", "9", "987--1000", "10.1109/72.712178"),
    ),
    "li2024": _article(
        "Li, Ruichen and Ye, Haotian and Jiang, Du and others",
        "A Computational Framework for Neural Network-Based Variational Monte Carlo with Forward Laplacian",
        *(2024, "Nature Machine Intelligence", "6", "209--219"),
    ),
    "liu1989": _article(
        "Liu, Dong C. and Nocedal, Jorge",
        "On the Limited Memory BFGS Method for Large Scale Optimization",
        *(1989, "Mathematical Programming", "45", "503--528", "10.1007/BF01589116"),
    ),
    "lu2021": _article(
        "Lu, Lu and Meng, Xuhui and Mao, Zhiping and Karniadakis, George Em",
        "DeepXDE: A Deep Learning Library for Solving Differential Equations",
        *(2021, "SIAM Review", "63", "208--228", "10.1137/19M1274067"),
    ),
    "marquardt1963": _article(
        "Marquardt, Donald W.",
        "An Algorithm for Least-Squares Estimation of Nonlinear Parameters",
        *(1963, "Journal of the Society for Industrial and Applied Mathematics", "11", "431--441", "10.1137/0111030"),
    ),
    "martens2010": _talk(
        "Martens, James",
        "Deep Learning via Hessian-Free Optimization",
        *(2010, "International Conference on Machine Learning (ICML)"),
    ),
    "mcclenny2023": _article(
        "McClenny, Levi D. and Braga-Neto, Ulisses M.",
        "Self-Adaptive Physics-Informed Neural Networks",
        *(2023, _JCP, "474", "111722"),
    ),
    "mckay1979": _article(
        "McKay, Michael D. and Beckman, Richard J. and Conover, William J.",
        "A Comparison of Three Methods for Selecting Values of Input Variables in the Analysis of Output from a "
        "Computer Code",
        *(1979, "Technometrics", "21", "239--245"),
    ),
    "mueller2023": _talk(
        "Müller, Johannes and Zeinhofer, Marius",
        "Achieving High Accuracy with PINNs via Energy Natural Gradient Descent",
        *(2023, "International Conference on Machine Learning (ICML)"),
    ),
    "nocedal2006": Source(
        "book",
        "Nocedal, Jorge and Wright, Stephen J.",
        "Numerical Optimization",
        2006,
        {"edition": "2nd", "publisher": "Springer"},
    ),
    "raissi2019": _article(
        "Raissi, Maziar and Perdikaris, Paris and Karniadakis, George Em",
        "Physics-Informed Neural Networks: A Deep Learning Framework for Solving Forward and Inverse Problems "
        "Involving Nonlinear Partial Differential Equations",
        *(2019, _JCP, "378", "686--707", "10.1016/j.jcp.2018.10.045"),
    ),
    "schoeberl1997": _article(
        "Schöberl, Joachim",
        "NETGEN: An Advancing Front 2D/3D-Mesh Generator Based on Abstract Rules",
        *(1997, "Computing and Visualization in Science", "1", "41--52"),
    ),
    "sitzmann2020": _talk(
        "Sitzmann, Vincent and Martel, Julien N. P. and Bergman, Alexander W. and Lindell, David B. and Wetzstein, "
        "Gordon",
        "Implicit Neural Representations with Periodic Activation Functions",
        *(2020, "Advances in Neural Information Processing Systems (NeurIPS)"),
    ),
    "sobol1967": _article(
        "Sobol', Ilya M.",
        "On the Distribution of Points in a Cube and the Approximate Evaluation of Integrals",
        *(1967, "USSR Computational Mathematics and Mathematical Physics", "7", "86--112"),
    ),
    "sukumar2022": _article(
        "Sukumar, N. and Srivastava, Ankit",
        "Exact Imposition of Boundary Conditions with Distance Functions in Physics-Informed Deep Neural Networks",
        *(2022, _CMAME, "389", "114333", "10.1016/j.cma.2021.114333"),
    ),
    "tancik2020": _talk(
        "Tancik, Matthew and Srinivasan, Pratul P. and Mildenhall, Ben and others",
        "Fourier Features Let Networks Learn High Frequency Functions in Low Dimensional Domains",
        *(2020, "Advances in Neural Information Processing Systems (NeurIPS)"),
    ),
    "urban2025": _article(
        "Urbán, Jorge F. and Stefanou, Petros and Pons, José A.",
        "Unveiling the Optimization Process of Physics Informed Neural Networks: How Accurate and Competitive Can "
        "PINNs Be?",
        *(2025, _JCP, "523", "113656"),
    ),
    "wang2021": _article(
        "Wang, Sifan and Teng, Yujun and Perdikaris, Paris",
        "Understanding and Mitigating Gradient Flow Pathologies in Physics-Informed Neural Networks",
        *(2021, "SIAM Journal on Scientific Computing", "43", "A3055--A3081"),
    ),
    "wang2022": _article(
        "Wang, Sifan and Yu, Xinling and Perdikaris, Paris",
        "When and Why PINNs Fail to Train: A Neural Tangent Kernel Perspective",
        *(2022, _JCP, "449", "110768"),
    ),
    "wang2024": _article(
        "Wang, Sifan and Sankaran, Shyam and Perdikaris, Paris",
        "Respecting Causality for Training Physics-Informed Neural Networks",
        *(2024, _CMAME, "421", "116813"),
    ),
    "wu2023": _article(
        "Wu, Chenxi and Zhu, Min and Tan, Qinyang and Kartha, Yadhu and Lu, Lu",
        "A Comprehensive Study of Non-Adaptive and Residual-Based Adaptive Sampling for Physics-Informed Neural "
        "Networks",
        *(2023, _CMAME, "403", "115671", "10.1016/j.cma.2022.115671"),
    ),
    "zhang2024": _article(
        "Zhang, Zezhong and Bao, Feng and Ju, Lili and Zhang, Guannan",
        "Transferable Neural Networks for Partial Differential Equations",
        *(2024, "Journal of Scientific Computing", "99", "2"),
    ),
}
"""By the key that the entry has in BibTeX."""
