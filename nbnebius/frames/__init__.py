"""Records -> DataFrames. Each module lists its columns, and its tests hold them."""
