# SPDX-License-Identifier: GPL-2.0
#
# One word per wish; `make help` lists them.  What takes more than a line is a
# script in tools/testing/damon/vm.

VM := tools/testing/damon/vm
VARS := ACCEL ATTRS CMD CPUS DEBUG KDIR KERNEL KSRC MEM PADDR RECORD SCAN SCHEME SECS SEEDS T V W

# A `$` in CMD is for the shell, so make does not expand what it hands on.
$(foreach v,$(VARS),$(if $(filter undefined,$(origin $v)),,$(eval override export $v := $$(value $v))))

.PHONY: help run test bench check peer-tests shell kernel source damonctl deps integrate clean wishes

help:
	@echo 'make run        monitor a program in a guest, show its hot memory'
	@echo '                CMD="words" another program; SECS=60 its longest time (Ctrl-C: enough);'
	@echo '                PADDR=1 all physical memory of the guest meanwhile;'
	@echo '                RECORD="--aggr 50ms" options of damonctl record;'
	@echo '                SCHEME=save-memory or huge-pages runs it with and without that'
	@echo 'make test       all tests; T="glob" only the suites of this name'
	@echo 'make bench      compare with the monitor of the base kernel; W="glob" only these workloads,'
	@echo '                SEEDS=3, ATTRS="5000 100000 1000000 10 1000", KERNEL=image, SCAN=1'
	@echo 'make check      checkpatch, sparse, kernel-doc, W=1, shellcheck; silence is success'
	@echo 'make peer-tests the tests that come with the base kernel, on this monitor'
	@echo 'make kernel     build the kernel'
	@echo 'make shell      a prompt in the guest'
	@echo 'make integrate  put the subsystem into the Linux 6.12 tree KDIR=dir'
	@echo 'make deps       install the packages that all this needs'
	@echo 'make clean      remove build/'
	@echo
	@echo 'DEBUG=1 uses a kernel with KASAN, lockdep, kmemleak; V=1 shows everything;'
	@echo 'KSRC=dir takes this source tree in place of the package linux-source-6.12;'
	@echo 'MEM=2G CPUS=2 size the guest; ACCEL=kvm uses KVM.'

run: kernel damonctl
	@$(VM)/run

test: kernel damonctl
	@$(VM)/test

bench: $(if $(KERNEL),deps,kernel)
	@tools/testing/damon/bench/run

peer-tests: kernel
	@$(VM)/peer-tests

check: source
	@$(VM)/check

shell: kernel damonctl
	@$(VM)/shell

kernel: source
	@$(VM)/kernel

source: deps
	@$(VM)/source

damonctl: deps
	@$(MAKE) $(if $(V),,-s) --no-print-directory -C tools/damon OUTPUT=$(CURDIR)/build/bin/

deps: wishes
	@$(VM)/deps

wishes:
	@$(VM)/wishes

integrate:
	@$(VM)/integrate

clean:
	rm -rf build
