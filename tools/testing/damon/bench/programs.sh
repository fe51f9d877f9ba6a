#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# programs.sh: real programs for make bench, as Debian has them.  On the host, "needs NAME"
# tells the package and the files; in the guest, "prepare NAME" comes before the program is
# watched, and "run NAME" is the program.
#
# All that is random has its seed from a clock that begins at the same time in each guest.
# Where busybox has a program of the same name, its shell takes that, but for a path.

socket=/run/redis.sock

needs()
{
	case $1 in
	redis) echo redis-server redis-server redis-benchmark redis-cli ;;
	sqlite) echo sqlite3 sqlite3 ;;
	cc1) echo gcc gcc "$(gcc -print-prog-name=cc1)" ;;
	sort) echo coreutils sort ;;
	xz) echo xz-utils xz ;;
	perl) echo perl-base perl ;;
	esac
}

# Functions that differ, with loops over arrays that differ
c_source()
{
	awk 'BEGIN {
		srand(1)
		for (i = 0; i < 1200; i++) {
			n = int(rand() * 60) + 4
			printf "static int a%d[%d], b%d[%d];\n", i, n, i, n
			printf "int f%d(int x, int y)\n{\n\tint i, s = x;\n", i
			printf "\tfor (i = 0; i < %d; i++) {\n", n
			printf "\t\ta%d[i] = b%d[(i + %d) %% %d] * x + y;\n", i, i, n / 2, n
			printf "\t\tif (a%d[i] > %d)\n\t\t\ts += a%d[i] / (y | 1);\n", i, n * 7, i
			printf "\t\telse\n\t\t\ts ^= b%d[i] << (x & 7);\n\t}\n", i
			if (i)
				printf "\tif (s & %d)\n\t\ts += f%d(y, s);\n", n, int(rand() * i)
			printf "\treturn s;\n}\n"
		}
	}'
}

lines()
{
	awk 'BEGIN {
		srand(1)
		for (i = 0; i < 400000; i++)
			printf "%09d %08d some words\n", rand() * 1e9, i
	}'
}

prepare()
{
	case $1 in
	redis)
		redis-server --port 0 --unixsocket $socket --save "" --appendonly no \
			--daemonize yes --pidfile /run/watched --logfile /dev/null || return
		until redis-cli -s $socket ping; do
			sleep 1
		done
		redis-benchmark -s $socket -q -P 32 -c 1 -t set -n 400000 -r 400000 -d 400
		;;
	cc1) c_source >/tmp/big.c ;;
	sort)
		lines >/tmp/part || return
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			cat /tmp/part
		done >/tmp/lines
		: >/tmp/part
		;;
	xz) lines | head -c 10000000 >/tmp/lines ;;
	sqlite)
		cat >/tmp/queries <<-END
			create table t(id integer primary key, v text);
			with recursive c(i) as (select 1 union all select i + 1 from c where i < 400000)
				insert into t select i, hex(randomblob(150)) from c;
			with recursive c(i) as (select 1 union all select i + 1 from c where i < 2000000)
				select sum(length((select v from t where id = abs(random() + i) % 20000 + 1))) from c;
		END
		;;
	esac
}

# Of 400,000 keys, the load has 20,000; so it is with the rows of the data base.
run()
{
	case $1 in
	redis) exec redis-benchmark -s $socket -q -P 32 -c 1 -t get -n 4000000 -r 20000 ;;
	sqlite) exec sqlite3 -init /tmp/queries :memory: .quit ;;
	cc1) exec cc1 -quiet -O2 /tmp/big.c -o /dev/null ;;
	sort) exec /bin/sort -S 400M --parallel=1 -k2,2r -o /dev/null /tmp/lines ;;
	xz) exec /bin/xz -9 -T1 -k -c /tmp/lines ;;
	perl)
		exec perl -e '
			my %words;
			$words{$_} = "word" x 30 for 1 .. 500000;
			my ($sum, @few) = (0, 1 .. 1000);
			for my $i (1 .. 25000) {
				$sum += $few[$_] * $i % 7 for 0 .. 999;
			}
			print $sum + keys %words;'
		;;
	esac
}

"$@"
