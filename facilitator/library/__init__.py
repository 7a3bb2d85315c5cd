"""The library as a whole: its hub, exchange with other installations, clinical review and the pages of its entries."""
