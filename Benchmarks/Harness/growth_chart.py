"""A picture of how costs grow with the number of accounts."""

try:
    import matplotlib
except ModuleNotFoundError as error:
    raise SystemExit("matplotlib is missing: run this by Benchmarks/Harness/python.sh") from error

matplotlib.use("svg")
# The same figures make the same file.
matplotlib.rcParams["svg.hashsalt"] = "probity"
import matplotlib.pyplot as plot  # noqa: E402


def draw(accounts, costs, path):
    """Lines of cost over the cost at the first size.

    - accounts: the sizes, ascending
    - costs: of each size, by name; the same names in each
    """
    figure, axes = plot.subplots(figsize=(9, 5))
    for index, name in enumerate(costs[0]):
        growth = [cost[name] / costs[0][name] for cost in costs]
        # Ten colours are told apart; beyond them the line is broken.
        axes.plot(accounts, growth, marker="o", color=f"C{index % 10}",
                  linestyle="-" if index < 10 else "--", label=name.partition(":")[0])
    axes.set_xscale("log")
    axes.set_xticks(accounts, [_short(count) for count in accounts])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.axhline(1, color="grey", linewidth=0.5)
    axes.set_xlabel("accounts")
    axes.set_ylabel(f"cost of one, ÷ that at {_short(accounts[0])}")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    plot.close(figure)


def _short(count):
    return f"{count / 1e6:g} M" if count >= 1_000_000 else f"{count:,}"
