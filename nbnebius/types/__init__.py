"""The wire's own shapes: what requests and answers look like, one file per API area."""
