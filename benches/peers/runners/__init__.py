"""One module a library. Each has `create(variant, threads) -> Prepare`; `serve` does the rest."""
