# The same commands as dev.py, for fingers that type make. ARGS="..." is handed on.
.PHONY: run test check bench
run test check bench:
	python3 dev.py $@ $(ARGS)
