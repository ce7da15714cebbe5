# Runs in the virtual machine, which has the program: jumpbag snapshot on live volumes of /dev/vda, with a writer running.
# Each check answers a line: "ok NAME" or "not ok NAME: why". What is to be checked is named in $SECTIONS; empty is all.
# /dev/vdb is a scratch disk, on which the guest's disk is made.
set +e
exec 3>&1 >/tmp/log 2>&1
mkdir -p /dev/pts && mount -t devpts devpts /dev/pts
mkdir -p /srv/plain /srv/thin /srv/xfs /srv/tiny /mnt/a

ok() { echo "ok $1" >&3; }
no() { echo "not ok $1: $(echo "$2" | tr '\n' '|' | cut -c1-1500)" >&3; }
# expect NAME WANTED FOUND [MORE]
expect() { if [[ $2 == "$3" ]]; then ok "$1"; else no "$1" "wanted [$2] found [$3] ${4-}"; fi; }
# says NAME PATTERN FILE
says() { if grep -Eq -- "$2" "$3"; then ok "$1"; else no "$1" "no [$2] in: $(cat "$3")"; fi; }
wants() { [[ -z $SECTIONS || " $SECTIONS " == *" $1 "* ]]; }
section() { wants "$1" && echo "section $1 $SECONDS" >&3; }

# What is left of any snapshot of ours: nothing, at the end of each run.
left() {
  lvs --noheadings -o lv_name 2>/dev/null | grep jumpbag_
  dmsetup ls | grep jumpbag_
  losetup -a
  grep -e jumpbag /proc/mounts
  ls /run/jumpbag 2>/dev/null
  pidof sleep | grep -q . && ps | grep '[s]leep 3[0-9][0-9]'
  return 0
}
clean() { expect "$1" "" "$(left)" "$(tail -n 5 /tmp/err 2>/dev/null)"; }

# Waits until a file is there, so many seconds.
until_there() { local i; for ((i = 0; i < ${2:-60} * 5; i++)); do [[ -e $1 ]] && return 0; sleep 0.2; done; return 1; }

### The disk of a guest that has a volume group of the very name of the host's; made before that is.
if wants guestgroup; then
  printf 'size=8M,type=83\nsize=60M,type=8e\n' | sfdisk -q /dev/vdb
  mke2fs -q -t ext2 -L boot /dev/vdb1
  pvcreate /dev/vdb2; vgcreate -s 1m host /dev/vdb2
  lvcreate -y -n root -L 24m host; lvcreate -y -n home -L 24m host
  mke2fs -q -t ext4 /dev/host/root; mke2fs -q -t ext4 /dev/host/home
  mount /dev/host/root /mnt/a; mkdir /mnt/a/etc /mnt/a/boot /mnt/a/home; echo inside >/mnt/a/etc/hostname
  printf '/dev/host/root / ext4 defaults 0 1\n/dev/mapper/host-home /home ext4 defaults 0 2\nLABEL=boot /boot ext2 defaults 0 2\n' >/mnt/a/etc/fstab; umount /mnt/a
  mount /dev/host/home /mnt/a; mkdir /mnt/a/anna; echo dear >/mnt/a/anna/letter; umount /mnt/a
  mount /dev/vdb1 /mnt/a; echo vmlinuz >/mnt/a/kernel; umount /mnt/a
  vgchange -an host
  dd if=/dev/vdb bs=1M count=72 2>/dev/null | gzip -1 >/tmp/guest.gz
  dd if=/dev/zero of=/dev/vdb bs=1M count=72 2>/dev/null; blockdev --rereadpt /dev/vdb
fi

### The volumes.
vgcreate -s 1m host /dev/vda
lvcreate -y -n plain -L 48m host; mke2fs -q -t ext4 /dev/host/plain; mount /dev/host/plain /srv/plain
for i in $(seq 1 40); do seq "$i" $((i * 50)) >"/srv/plain/file$i"; done
echo first >/srv/plain/counter
(cd /srv/plain && sha256sum file* >/tmp/known)
sync -f /srv/plain 2>/dev/null || sync /srv/plain/counter

writer() { # rewrites, makes and removes files, a few hundred kilobytes a second
  local n=0
  while :; do
    n=$((n + 1))
    echo "$n" >/srv/plain/counter
    dd if=/dev/urandom of=/srv/plain/churn.new bs=16k count=4 conv=fsync 2>/dev/null
    mv /srv/plain/churn.new "/srv/plain/churn$((n % 5))"
    echo "$n" >>/srv/plain/file1
    sleep 0.3
  done
}
writer &
WRITER=$!
trap 'kill $WRITER' EXIT
sleep 1

if section fixed; then
  cat >/tmp/look <<'END'
cd "$1" || exit 1
sum() { find . -type f | sort | xargs sha256sum; }
sum >/tmp/sum1
touch /tmp/inside
echo late >/srv/plain/late; sleep 3
echo 3 >/proc/sys/vm/drop_caches
sum >/tmp/sum2
cat /proc/mounts | grep " $1 " >/tmp/mounted
cp counter /tmp/counter.snap; cp /srv/plain/counter /tmp/counter.live
ls late && echo seen
touch new && echo writable
exit 7
END
  jumpbag snapshot host/plain --size 16M -- sh /tmp/look {} >/tmp/out 2>/tmp/err
  expect status-passed 7 $? "$(cat /tmp/err)"
  expect content-fixed "$(cat /tmp/sum1)" "$(cat /tmp/sum2)"
  expect known-content "$(grep -v ' file1$' /tmp/known | sort)" "$(grep ' ./file' /tmp/sum1 | sed 's,\./,,' | grep -v ' file1$' | sort)"
  [[ -s /tmp/sum1 && $(cat /tmp/counter.snap) != "$(cat /tmp/counter.live)" ]] && ok origin-went-on || no origin-went-on "$(cat /tmp/counter.*)"
  expect nothing-later-seen "" "$(cat /tmp/out)"
  says mounted-read-only ' ext4 ro,' /tmp/mounted
  says numbers-said 'host has [0-9.]+[MG] \([0-9]+ extents of 1M\) free; the snapshot takes 16M' /tmp/err
  says removal-said '^host/jumpbag_plain_[0-9_]+: removed$' /tmp/err
  clean clean-after-success
  jumpbag snapshot host/plain -- sh -c 'kill -9 $$' 2>/tmp/err
  expect signal-passed 137 $? "$(cat /tmp/err)"
  says default-size 'takes 10M \(20% of the origin.s 48M; --size chooses\)' /tmp/err
  # The folder within a word, the environment, and the command's standard streams.
  echo typed | jumpbag snapshot -q host/plain -- sh -c 'read x; echo "$x $1"; [ "$JUMPBAG_MOUNT/" = "${1#--from=}" ] && echo "$JUMPBAG_SNAPSHOT"' sh --from={}/ >/tmp/out 2>/tmp/err
  says streams-and-placeholder '^typed --from=/run/jumpbag/host-jumpbag_plain_[0-9]+_[0-9]+/$' /tmp/out
  says environment '^host/jumpbag_plain_[0-9]+_[0-9]+$' /tmp/out
  expect quiet "" "$(cat /tmp/err)"
  clean clean-after-signal
fi

if section refused; then
  jumpbag snapshot host/plain --size 100G -- true 2>/tmp/err
  expect too-few-extents 1 $? "$(cat /tmp/err)"
  says too-few-said '^jumpbag: host has .* free, and a snapshot of 100G takes 102400 extents$' /tmp/err
  says too-few-hint '^hint: --size [0-9]+M takes all there is$' /tmp/err
  jumpbag snapshot host/nothing -- true 2>/tmp/err; expect no-such-volume 1 $? "$(cat /tmp/err)"
  says no-such-volume-said 'host/nothing: LVM knows no such volume' /tmp/err
  jumpbag snapshot host/plain -- no-such-program {} 2>/tmp/err; expect no-such-program 1 $? "$(cat /tmp/err)"
  says no-such-program-said 'no-such-program: there is no such program' /tmp/err
  echo words >/tmp/words
  jumpbag snapshot host/plain -- /tmp/words 2>/tmp/err; says no-program-said '/tmp/words: is not a program that can be run' /tmp/err
  lvcreate -y -s -n theirs -L 2m host/plain
  jumpbag snapshot host/theirs -- true 2>/tmp/err; expect snapshot-of-snapshot 4 $? "$(cat /tmp/err)"
  jumpbag snapshot clean host/theirs 2>/tmp/err; expect not-ours 1 $? "$(cat /tmp/err)"
  lvremove -y host/theirs
  mkdir /mnt/full; touch /mnt/full/x
  jumpbag snapshot host/plain --mount /mnt/full -- true 2>/tmp/err; expect folder-not-empty 4 $? "$(cat /tmp/err)"
  jumpbag snapshot host/plain --partition 3 -- true 2>/tmp/err; expect no-such-partition 1 $? "$(cat /tmp/err)"
  lvcreate -y -n empty -L 4m host
  jumpbag snapshot host/empty --size 2M -- true 2>/tmp/err; expect no-filesystem 1 $? "$(cat /tmp/err)"
  lvremove -y host/empty
  clean clean-after-refusals
  # btrfs in a guest's own group: refused, and not taken for less than it is, its /boot. What the hint says works.
  printf 'size=8M,type=83\nsize=130M,type=8e\n' | sfdisk -q /dev/vdb
  mke2fs -q -t ext2 -L boot /dev/vdb1; pvcreate /dev/vdb2; vgcreate -s 1m inner /dev/vdb2; lvcreate -y -n root -L 120m inner
  mkfs.btrfs -q /dev/inner/root; mount /dev/inner/root /mnt/a; echo copied >/mnt/a/page; umount /mnt/a; vgchange -an inner
  lvcreate -y -n vm -L 140m host; dd if=/dev/vdb of=/dev/host/vm bs=1M count=140 iflag=direct 2>/dev/null; dd if=/dev/zero of=/dev/vdb bs=1M count=60 2>/dev/null; blockdev --rereadpt /dev/vdb
  jumpbag snapshot host/vm --size 4M --keep -- touch /tmp/ran 2>/tmp/err; expect btrfs-refused 4 $? "$(cat /tmp/err)"
  says btrfs-said '@inner/root cannot be mounted: it is btrfs: ' /tmp/err
  says btrfs-hint '^hint: --partition mounts another one by itself: 1 \(ext2\); --keep leaves the snapshot; .jumpbag mount --raw. of it' /tmp/err
  name=$(lvs --noheadings -o lv_name | grep -o 'jumpbag_[a-z0-9_]*') files=/mnt/raw hand=/mnt/hand
  mkdir -p $files $hand; jumpbag mount -q --raw "/dev/host/$name" $files
  mount -o ro,loop,rescue=nologreplay "$(find $files -type f -name '*root*')" $hand
  expect btrfs-by-hand copied "$(cat $hand/page)" "$(ls -lR $files)"
  umount $hand $files; jumpbag snapshot clean "host/$name"
  mkfs.btrfs -q -f /dev/host/vm; jumpbag snapshot host/vm --dry-run -- true 2>/tmp/err
  says btrfs-of-the-host "^hint: btrfs makes snapshots of its own: 'btrfs subvolume snapshot -r'" /tmp/err
  lvremove -y host/vm
  clean clean-after-btrfs
fi

if section overflow; then
  cat >/tmp/slow <<'END'
trap 'touch /tmp/asked; exit 0' TERM
sleep 300 &
dd if=/dev/zero of=/srv/plain/flood bs=64k count=128 conv=fsync
wait
END
  rm -f /tmp/asked
  jumpbag snapshot host/plain --size 4M -- sh /tmp/slow {} >/tmp/out 2>/tmp/err
  expect overflow-fails 1 $? "$(cat /tmp/err)"
  says overflow-said 'has failed: it overflowed, so what was read from it is worth nothing' /tmp/err
  says overflow-hint '^hint: run it again with a --size above 4M' /tmp/err
  [[ -e /tmp/asked ]] && ok overflow-asks-the-command || no overflow-asks-the-command "$(cat /tmp/err)"
  clean clean-after-overflow
  # At the very end: the command is done before anyone looked.
  jumpbag snapshot host/plain --size 4M -- dd if=/dev/zero of=/srv/plain/flood bs=64k count=128 conv=fsync,notrunc 2>/tmp/err
  expect overflow-at-the-end 1 $? "$(cat /tmp/err)"
  clean clean-after-late-overflow
  kill $WRITER; wait $WRITER 2>/dev/null
  rm -f /srv/plain/flood; fstrim /srv/plain 2>/dev/null
  jumpbag snapshot host/plain --size 8M -- sh -c 'dd if=/dev/zero of=/srv/plain/flood bs=64k count=112 conv=fsync; sleep 4' 2>/tmp/err
  expect nearly-full-passes 0 $? "$(cat /tmp/err)"
  says nearly-full-warns 'nears its end: (8|9)[0-9]% full' /tmp/err
  rm -f /srv/plain/flood
  writer & WRITER=$!
  clean clean-after-warning
fi

if section hooks; then
  printf '#!/bin/sh\nlvs --noheadings -o lv_name | grep -c jumpbag_\n' >/tmp/count; chmod +x /tmp/count
  rm -f /tmp/order
  jumpbag snapshot -q host/plain --before 'echo before $(/tmp/count) $JUMPBAG_ORIGIN >>/tmp/order' --after 'echo after $(/tmp/count) >>/tmp/order' -- sh -c 'echo command >>/tmp/order' 2>/tmp/err
  expect hooks-order "before 0 host/plain|after 1|command" "$(paste -sd '|' /tmp/order)" "$(cat /tmp/err)"
  rm -f /tmp/order
  jumpbag snapshot host/plain --before 'echo before >>/tmp/order; exit 3' --after 'echo after >>/tmp/order' -- sh -c 'echo command >>/tmp/order' 2>/tmp/err
  expect before-fails 1 $? "$(cat /tmp/err)"
  expect after-runs-when-before-fails "before|after" "$(paste -sd '|' /tmp/order)"
  says before-fails-said "^jumpbag: --before 'echo before.*: exit status 3$" /tmp/err
  rm -f /tmp/order
  jumpbag snapshot host/plain --size 4M --before 'lvcreate -y -W n -l 100%FREE -n hog host >/dev/null' --after 'lvremove -y host/hog >/dev/null; echo after >>/tmp/order' -- sh -c 'echo command >>/tmp/order' 2>/tmp/err
  expect creation-fails 1 $? "$(cat /tmp/err)"
  expect after-runs-when-creation-fails after "$(cat /tmp/order)"
  rm -f /tmp/order
  jumpbag snapshot host/plain --after 'exit 4' -- sh -c 'echo command >>/tmp/order' 2>/tmp/err
  expect after-fails 1 $? "$(cat /tmp/err)"
  [[ ! -e /tmp/order ]] && ok after-fails-no-command || no after-fails-no-command "it ran"
  set -m
  jumpbag snapshot host/plain --before 'touch /tmp/before; sleep 300' --after 'touch /tmp/thawed' -- true 2>/tmp/err & pid=$!
  until_there /tmp/before; kill -TERM $pid; wait $pid
  expect interrupted-before 130 $? "$(cat /tmp/err)"
  set +m
  [[ -e /tmp/thawed ]] && ok interrupted-before-thaws || no interrupted-before-thaws "$(cat /tmp/err)"
  jumpbag snapshot -q host/plain --before 'fsfreeze --freeze /srv/plain' --after 'fsfreeze --unfreeze /srv/plain' -- true 2>/tmp/err
  echo "note fsfreeze-status $? $(cat /tmp/err)" >&3
  fsfreeze --unfreeze /srv/plain
  clean clean-after-hooks
fi

if section signals; then
  begin=${EPOCHREALTIME/./}
  jumpbag snapshot -q host/plain -- true 2>/tmp/err
  whole=$(((${EPOCHREALTIME/./} - begin) / 1000))
  echo "note a whole run took $whole ms" >&3
  set -m
  bad=
  for round in $(seq 1 "${ROUNDS:-12}"); do
    signal=$(echo INT TERM HUP | cut -d' ' -f$((round % 3 + 1)))
    jumpbag snapshot host/plain --before 'true' --after 'true' -- sleep 300 >/tmp/out 2>/tmp/err & pid=$!
    delay=$((whole * (round * 2 - 1) / (${ROUNDS:-12} * 2) + RANDOM % 100))
    sleep "$((delay / 1000)).$(printf %03d $((delay % 1000)))"
    kill -$signal $pid
    ((round % 4)) || { sleep 0.3; kill -INT $pid 2>/dev/null; kill -TERM $pid 2>/dev/null; }
    wait $pid; status=$?
    # Before the program could ask for signals, one ends it as it ends any program; there is nothing to clean up yet.
    [[ $status == 130 || ( $delay -lt 300 && $status -gt 128 ) ]] || bad="$bad round $round $signal after $delay ms: status $status $(cat /tmp/err)"
    rest=$(left)
    [[ -z $rest ]] || bad="$bad round $round $signal after $delay ms left $rest $(cat /tmp/err)"
  done
  expect interrupted-at-every-stage "" "$bad"
  # While the command runs: it gets the signal, and the time to end by itself.
  rm -f /tmp/asked /tmp/running
  jumpbag snapshot host/plain -- sh -c 'trap "touch /tmp/asked; exit 9" TERM; touch /tmp/running; sleep 300 & wait' 2>/tmp/err & pid=$!
  until_there /tmp/running; kill -HUP $pid; wait $pid
  expect interrupted-command 130 $?
  [[ -e /tmp/asked ]] && ok command-asked || no command-asked "$(cat /tmp/err)"
  clean clean-after-hangup
  # nohup: the terminal's going is not heard.
  rm -f /tmp/running
  (trap '' HUP; exec jumpbag snapshot host/plain -- sh -c 'touch /tmp/running; sleep 3; exit 5' 2>/tmp/err) & pid=$!
  until_there /tmp/running; kill -HUP $pid; wait $pid
  expect nohup-goes-on 5 $? "$(cat /tmp/err)"
  set +m
  clean clean-after-nohup
fi

if section terminal; then
  # A terminal whose other end goes away, as when the connection is lost.
  rm -f /tmp/running
  (sleep 60 | setsid script -qc "jumpbag snapshot host/plain -- sh -c 'touch /tmp/running; tty; sleep 300'" /dev/null >/tmp/out 2>&1) &
  until_there /tmp/running && sleep 1
  kill -9 $(pidof script)
  for i in $(seq 1 60); do [[ -z $(left) ]] && break; sleep 0.5; done
  clean clean-after-lost-terminal
  # Ctrl-C at the terminal reaches the command, which has it.
  rm -f /tmp/running /tmp/status
  (until_there /tmp/running; sleep 1; printf '\003'; sleep 20) | script -qc "jumpbag snapshot host/plain -- sh -c 'trap \"exit 33\" INT; touch /tmp/running; tty; while :; do sleep 1; done'; echo \$? >/tmp/status" /dev/null >/tmp/out 2>&1
  expect ctrl-c-reaches-the-command 33 "$(cat /tmp/status)" "$(cat /tmp/out)"
  clean clean-after-ctrl-c
  # Ctrl-Z stops both, and the shell that started it can bring both on again.
  rm -f /tmp/running /tmp/status /tmp/stopped /tmp/over
  (until_there /tmp/running; sleep 1; printf '\032'; until_there /tmp/over) | script -qc "bash --norc -mc 'jumpbag snapshot -q host/plain -- sh -c \"touch /tmp/running; until [ -e /tmp/stopped ]; do sleep 1; done; exit 21\"; echo stopped \$? >/tmp/status; touch /tmp/stopped; fg; echo went on \$? >>/tmp/status; touch /tmp/over'" /dev/null >/tmp/out 2>&1
  expect ctrl-z-and-fg "stopped 147|went on 21" "$(paste -sd '|' /tmp/status)" "$(cat /tmp/out)"
  clean clean-after-ctrl-z
fi

if section crash; then
  rm -f /tmp/running
  jumpbag snapshot host/plain -- sh -c 'cd {}; touch /tmp/running; exec sleep 300' 2>/tmp/err & pid=$!
  until_there /tmp/running
  name=$(lvs --noheadings -o lv_name | grep -o 'jumpbag_[a-z0-9_]*')
  jumpbag snapshot list >/tmp/out 2>&1; says list-in-use "^host/$name +plain .* in use by process $pid +/run/jumpbag/host-$name$" /tmp/out
  jumpbag snapshot list --json >/tmp/out 2>&1; says list-json "\"name\":\"host/$name\",\"origin\":\"host/plain\".*\"state\":\"inUse\",\"process\":$pid,\"mounts\":\[\"/run/jumpbag/host-$name\"\]" /tmp/out
  jumpbag snapshot clean 2>/tmp/err; expect clean-spares-the-living 0 $?
  says clean-spares-said "host/$name: in use by process $pid: it stays" /tmp/err
  jumpbag snapshot clean host/$name 2>/tmp/err; expect clean-refuses-the-living 4 $? "$(cat /tmp/err)"
  kill -9 $pid; wait $pid
  jumpbag snapshot list >/tmp/out 2>&1; says list-left-behind "^host/$name .* left behind" /tmp/out
  jumpbag snapshot clean 2>/tmp/err; expect clean-of-what-is-used 1 $? "$(cat /tmp/err)"
  kill $(pidof sleep) 2>/dev/null; sleep 1
  jumpbag snapshot clean --dry-run >/tmp/out 2>/tmp/err
  says clean-dry-run "^lvremove --yes host/$name$" /tmp/out
  expect clean-dry-run-does-nothing 1 "$(lvs --noheadings -o lv_name | grep -c jumpbag_)"
  jumpbag snapshot clean >/tmp/out 2>/tmp/err; expect clean-works 0 $? "$(cat /tmp/err)"
  clean clean-after-crash
  # Killed while it is made: nothing that clean would not find.
  for delay in 0.3 0.8 1.5; do
    jumpbag snapshot host/plain -- sleep 300 2>/tmp/err & pid=$!
    sleep $delay; kill -9 $pid; wait $pid; kill $(pidof sleep) 2>/dev/null
    sleep 2
    jumpbag snapshot clean 2>>/tmp/err
  done
  clean clean-after-early-crash
  rm -f /tmp/running; mkdir -p /mnt/a
  jumpbag snapshot host/plain --mount /mnt/a -- sh -c 'touch /tmp/running; exec sleep 300' 2>/tmp/err & pid=$!
  until_there /tmp/running; kill -9 $pid; wait $pid; kill $(pidof sleep); sleep 0.5
  jumpbag snapshot clean 2>/tmp/err; expect clean-of-chosen-folder 0 $? "$(cat /tmp/err)"
  expect chosen-folder-free "" "$(ls /mnt/a)$(grep /mnt/a /proc/mounts)"
  clean clean-after-crash-in-folder
  jumpbag snapshot list >/tmp/out 2>/tmp/err; expect list-empty 0 $?
fi

if section two; then
  jumpbag snapshot -q host/plain --size 10M -- sh -c 'cd {}; sha256sum file2 file3; sleep 4; sha256sum file2 file3' >/tmp/out1 2>/tmp/err1 & one=$!
  jumpbag snapshot -q host/plain --size 10M -- sh -c 'cd {}; sha256sum file2 file3; sleep 3; sha256sum file2 file3' >/tmp/out2 2>/tmp/err2 & two=$!
  wait $one; first=$?; wait $two; second=$?
  expect two-at-once "0 0" "$first $second" "$(cat /tmp/err1 /tmp/err2)"
  expect two-at-once-content "$(grep -hE ' file(2|3)$' /tmp/known /tmp/known | sort)" "$(sort /tmp/out1)"
  expect two-at-once-same "$(cat /tmp/out1)" "$(cat /tmp/out2)"
  cat /tmp/err1 /tmp/err2 >/tmp/err
  clean clean-after-two
fi

if section keep; then
  jumpbag snapshot host/plain --keep --mount /mnt/kept -- cat {}/file2 >/tmp/out 2>/tmp/err
  expect keep 0 $? "$(cat /tmp/err)"
  name=$(lvs --noheadings -o lv_name | grep -o 'jumpbag_[a-z0-9_]*')
  says keep-said "host/$name: kept, .*'jumpbag snapshot clean host/$name' removes it" /tmp/err
  expect keep-unmounted "" "$(grep -e jumpbag -e kept /proc/mounts; ls -d /mnt/kept 2>/dev/null)"
  jumpbag snapshot list >/tmp/out 2>&1; says keep-listed "^host/$name .* kept" /tmp/out
  jumpbag snapshot clean 2>/tmp/err
  expect keep-spared 1 "$(lvs --noheadings -o lv_name | grep -c jumpbag_)" "$(cat /tmp/err)"
  jumpbag cat -q "/dev/host/$name:/file2" >/tmp/out 2>/tmp/err
  expect keep-readable "$(grep ' file2$' /tmp/known)" "$(sha256sum </tmp/out | sed 's/-/file2/')" "$(cat /tmp/err)"
  jumpbag snapshot clean "host/$name" 2>/tmp/err; expect keep-removed 0 $? "$(cat /tmp/err)"
  clean clean-after-keep
fi

if section wait; then
  set -m
  jumpbag snapshot host/plain --mount /mnt/w >/tmp/out 2>/tmp/err & pid=$!
  until_there /mnt/w/file2
  expect waits-content "$(grep ' file2$' /tmp/known)" "$(cd /mnt/w; sha256sum file2)" "$(cat /tmp/err)"
  sleep 1
  expect waits-says-where /mnt/w "$(cat /tmp/out)" "$(cat /tmp/err)"
  kill -INT $pid; wait $pid; expect waits-ctrl-c 130 $?
  set +m
  clean clean-after-wait
  jumpbag snapshot host/plain --mount /mnt/w >/tmp/out 2>/tmp/err & pid=$!
  until_there /mnt/w/file2
  umount /mnt/w; wait $pid; expect waits-umount 0 $? "$(cat /tmp/err)"
  clean clean-after-umount
  # A process that the command left in the mount, in its group and out of it.
  jumpbag snapshot host/plain -- sh -c 'cd {}; sleep 300 & exit 6' 2>/tmp/err; expect straggler-ended 6 $? "$(cat /tmp/err)"
  says straggler-said 'has ended, but sleep \([0-9]+\) works in it: ' /tmp/err
  clean clean-after-straggler
  jumpbag snapshot host/plain -- sh -c 'cd {}; setsid sleep 300 & sleep 1' 2>/tmp/err; expect busy-fails 1 $? "$(cat /tmp/err)"
  says busy-names-the-user 'is still in use: sleep \([0-9]+\) works in it; ' /tmp/err
  says busy-told 'the snapshot host/jumpbag_[a-z0-9_]* could not be removed' /tmp/err
  kill $(pidof sleep); sleep 1
  jumpbag snapshot clean 2>/tmp/err
  clean clean-after-busy
fi

if section dry; then
  jumpbag snapshot host/plain --size 8M --before 'echo before' --dry-run --mount /mnt/dry -- cat {}/file2 >/tmp/lines 2>/tmp/err
  expect dry-run 0 $? "$(cat /tmp/err)"
  clean dry-run-does-nothing
  says dry-run-lvcreate '^lvcreate --yes --snapshot --name jumpbag_plain_[0-9_]+ --size 8388608b --addtag jumpbag.snapshot --addtag jumpbag.owner=[^ ]+ host/plain$' /tmp/lines
  bash -e /tmp/lines >/tmp/out 2>/tmp/err
  expect dry-run-lines-work 0 $? "$(cat /tmp/lines /tmp/err)"
  expect dry-run-lines-content "$(cat /srv/plain/file2)" "$(sed -n '/^[0-9]*$/p' /tmp/out)"
  clean clean-after-lines
fi

if section thin; then
  lvcreate -y --type thin-pool -n pool -L 40m --poolmetadatasize 2m host
  lvcreate -y --type thin -n thin -V 64m --thinpool pool host; mke2fs -q -t ext4 -O ^has_journal /dev/host/thin; mount /dev/host/thin /srv/thin
  seq 1 100000 >/srv/thin/numbers; sync /srv/thin/numbers
  jumpbag snapshot host/thin --size 1G -- sh -c 'echo changed >/srv/thin/numbers; sync /srv/thin/numbers; lvs --noheadings -o segtype,lv_skip_activation @jumpbag.snapshot; sha256sum <{}/numbers' >/tmp/out 2>/tmp/err
  expect thin 0 $? "$(cat /tmp/err)"
  expect thin-content "$(seq 1 100000 | sha256sum)" "$(tail -n 1 /tmp/out)"
  says thin-is-thin '^ *thin +skip activation' /tmp/out
  says thin-numbers 'the pool host/pool of 40M is full to [0-9.]+% of data, [0-9.]+% of metadata' /tmp/err
  says thin-size-not-needed '^warning: --size is not needed' /tmp/err
  says thin-fill-said 'pool: data [0-9]+% full, metadata [0-9]+%' /tmp/err
  clean clean-after-thin
  # The pool runs full while the snapshot holds on to what is overwritten.
  lvchange --errorwhenfull y host/pool
  dd if=/dev/urandom of=/srv/thin/big bs=1M count=24 conv=fsync
  jumpbag snapshot host/thin -- sh -c 'dd if=/dev/urandom of=/srv/thin/big bs=1M count=4 conv=notrunc,fsync; sleep 3; dd if=/dev/urandom of=/srv/thin/big bs=1M count=24 conv=notrunc,fsync; sleep 300' >/tmp/out 2>/tmp/err
  expect thin-pool-full 1 $? "$(cat /tmp/err)"
  says thin-pool-full-said 'the thin pool of host/jumpbag_thin_[0-9_]+ cannot take more: ' /tmp/err
  says thin-pool-full-warned 'nears its end: pool: data [0-9]+% full' /tmp/err
  clean clean-after-full-pool
  umount /srv/thin; lvremove -y host/thin host/pool
fi

if section backup; then
  # A source that is a volume: snapshot, read by our own readers, removed. One of each kind; the writer goes on.
  lvcreate -y --type thin-pool -n pool2 -L 24m --poolmetadatasize 2m host
  lvcreate -y --type thin -n slim -V 64m --thinpool pool2 host; mke2fs -q -t ext4 -O ^has_journal /dev/host/slim; mount /dev/host/slim /srv/thin
  seq 1 100000 >/srv/thin/numbers; ln -s numbers /srv/thin/link; sync /srv/thin/numbers
  echo secret >/tmp/key
  cat >/tmp/backup.toml <<'END'
[sources.plain]
lvm = "host/plain"
exclude = ["/churn*"]
[sources.slim]
lvm = "host/slim"
[copies.near]
url = "/tmp/near"
password-file = "/tmp/key"
END
  export JUMPBAG_CONFIG=/tmp/backup.toml
  jumpbag backup init -q 2>/tmp/err; expect init 0 $? "$(cat /tmp/err)"
  jumpbag backup run --json >/tmp/out 2>/tmp/err; expect run 0 $? "$(cat /tmp/err)"
  expect both-saved 2 "$(grep -o '"outcome": *"saved"' /tmp/out | grep -c .)" "$(cat /tmp/out)"
  says numbers-said 'host has [0-9.]+[MG] .*free; the snapshot takes 10M' /tmp/err
  clean clean-after-run
  jumpbag restore -q plain /tmp/back 2>/tmp/err; expect restored 0 $? "$(cat /tmp/err)"
  expect content "$(grep -v ' file1$' /tmp/known | sort)" "$(cd /tmp/back && sha256sum file* | grep -v ' file1$' | sort)"
  expect excluded "" "$(ls /tmp/back | grep churn)"
  jumpbag tar -q /tmp/near:latest --password-file /tmp/key 2>/tmp/err | tar x -C /mnt/a; expect thin-content "$(seq 1 100000 | sha256sum) numbers" "$(sha256sum </mnt/a/numbers) $(readlink /mnt/a/link)" "$(cat /tmp/err)"
  rm -rf /mnt/a/*
  # What is unchanged is not read again, though the snapshot is another one.
  jumpbag backup run plain 2>/tmp/err; says unchanged '([3-9][0-9]) unchanged' /tmp/err
  # It overflows while it is saved, which takes some seconds; then a signal.
  echo 'bandwidth = "3M"' >>/tmp/backup.toml
  dd if=/dev/urandom of=/srv/plain/noise bs=1M count=16 conv=fsync
  jumpbag backup run plain >/tmp/out 2>/tmp/err & run=$!
  for ((i = 0; i < 300; i++)); do lvs --noheadings -o lv_name host | grep -q jumpbag_plain && break; sleep 0.2; done
  dd if=/dev/urandom of=/srv/plain/flood bs=1M count=14 conv=fsync
  wait $run; expect overflow 1 $? "$(cat /tmp/err)"
  says overflow-said 'overflowed, so what was read from it is worth nothing' /tmp/err
  rm /srv/plain/flood
  clean clean-after-overflow
  jumpbag backup run plain >/tmp/out 2>/tmp/err & run=$!
  for ((i = 0; i < 300; i++)); do lvs --noheadings -o lv_name host | grep -q jumpbag_plain && break; sleep 0.2; done
  sleep 1; kill -TERM $run; wait $run; expect interrupted 130 $? "$(cat /tmp/err)"
  clean clean-after-interruption
  jumpbag backup list plain 2>/tmp/err | tail -n +2 >/tmp/out; expect no-more-snapshots 2 "$(grep -c . /tmp/out)" "$(cat /tmp/out)"
  unset JUMPBAG_CONFIG
  rm -f /srv/plain/noise; umount /srv/thin; lvremove -y host/slim host/pool2
fi

if section xfs; then
  lvcreate -y -n xfs -L 320m host; mkfs.xfs -q -f /dev/host/xfs; mount /dev/host/xfs /srv/xfs
  seq 1 5000 >/srv/xfs/numbers; sync /srv/xfs/numbers; mkdir /srv/xfs/dir; echo tail >/srv/xfs/dir/last
  jumpbag snapshot host/xfs --size 16M -- sh -c 'echo later >/srv/xfs/numbers; sync /srv/xfs/numbers; cd {}; sha256sum <numbers; cat dir/last; grep {} /proc/mounts' >/tmp/out 2>/tmp/err
  expect xfs 0 $? "$(cat /tmp/err)"
  expect xfs-content "$(seq 1 5000 | sha256sum) tail" "$(head -n 2 /tmp/out | paste -sd ' ')"
  says xfs-nouuid ' xfs ro,.*nouuid' /tmp/out
  clean clean-after-xfs
  umount /srv/xfs; lvremove -y host/xfs
fi

if section journal; then
  # A volume whose journal is dirty: copied from under a mount. It is replayed into the snapshot, and the origin stays as it is.
  lvcreate -y -n tiny -L 8m host; mke2fs -q -t ext4 -O ^metadata_csum /dev/host/tiny; mount -o commit=300 /dev/host/tiny /srv/tiny
  echo old >/srv/tiny/old; sync -f /srv/tiny/old
  echo words >/srv/tiny/words; sync /srv/tiny/words
  lvcreate -y -n dirty -L 8m host
  dd if=/dev/host/tiny of=/dev/host/dirty bs=1M iflag=direct oflag=direct 2>/dev/null; umount /srv/tiny
  dumpe2fs -h /dev/host/dirty 2>/dev/null | grep -q needs_recovery && ok journal-is-dirty || no journal-is-dirty "$(dumpe2fs -h /dev/host/dirty 2>&1 | grep -i features)"
  before=$(sha256sum </dev/host/dirty)
  jumpbag snapshot host/dirty --size 4M -- cat {}/words >/tmp/out 2>/tmp/err
  expect journal-replayed "0 words" "$? $(cat /tmp/out)" "$(cat /tmp/err)"
  echo 3 >/proc/sys/vm/drop_caches
  expect origin-untouched "$before" "$(sha256sum </dev/host/dirty)"
  clean clean-after-journal
  lvremove -y host/tiny host/dirty
  # Blocks above the page size: this kernel cannot mount it, and our own reader can.
  mkdir -p /tmp/tree; echo big >/tmp/tree/blocks
  lvcreate -y -n large -L 32m host; mke2fs -q -F -t ext4 -b 65536 -d /tmp/tree /dev/host/large
  jumpbag snapshot host/large --size 4M -- sh -c 'cat {}/blocks; grep {} /proc/mounts | cut -d" " -f3' >/tmp/out 2>/tmp/err
  expect fuse-instead "0 big|fuse.jumpbag" "$? $(paste -sd '|' /tmp/out)" "$(cat /tmp/err)"
  says fuse-instead-said '^warning: .*the kernel does not mount it .*: it is read through FUSE instead$' /tmp/err
  clean clean-after-fuse
  lvremove -y host/large
fi

if section guest; then
  # A virtual machine's disk: the root in its second partition, /boot in the first, /srv (behind a link that leads out of
  # the guest, if it could) in the third.
  printf 'size=8M,type=83\nsize=24M,type=83\nsize=12M,type=83\n' | sfdisk -q /dev/vdb
  mke2fs -q -t ext2 -L boot /dev/vdb1; mke2fs -q -t ext4 -U 11111111-2222-3333-4444-555555555555 /dev/vdb2; mke2fs -q -t ext4 -L data /dev/vdb3
  mount /dev/vdb2 /mnt/a
  mkdir -p /mnt/a/etc /mnt/a/boot /mnt/a/var/data /mnt/a/proc
  echo guest >/mnt/a/etc/hostname; ln -s /../../var/data /mnt/a/srv
  printf 'UUID=11111111-2222-3333-4444-555555555555 / ext4 defaults 0 1\nLABEL=boot /boot ext2 defaults 0 2\n/dev/vda3 /srv ext4 defaults 0 2\nUUID=99999999-2222-3333-4444-555555555555 /mnt ext4 defaults 0 2\nLABEL=swap none swap sw 0 0\nproc /proc proc defaults 0 0\n' >/mnt/a/etc/fstab
  umount /mnt/a; mount /dev/vdb1 /mnt/a; echo vmlinuz >/mnt/a/kernel; umount /mnt/a
  mount /dev/vdb3 /mnt/a; echo served >/mnt/a/page; umount /mnt/a
  lvcreate -y -n vm -L 50m host; dd if=/dev/vdb of=/dev/host/vm bs=1M count=50 2>/dev/null
  jumpbag snapshot host/vm --size 10M -- sh -c 'cd {}; cat etc/hostname boot/kernel var/data/page; losetup -a | wc -l; find . -type f | grep -v lost+found | sort' >/tmp/out 2>/tmp/err
  expect guest 0 $? "$(cat /tmp/err)"
  # For whoever follows it from outside srv leads to the host's /var/data; the mount stands on the guest's.
  expect guest-joined "guest|vmlinuz|served|3|./boot/kernel|./etc/fstab|./etc/hostname|./var/data/page" "$(paste -sd '|' /tmp/out)" "$(cat /tmp/err)"
  says guest-missing-disk 'fstab: /mnt is on UUID=99999999-.*, which is not in this volume' /tmp/err
  clean clean-after-guest
  jumpbag snapshot -q host/vm --size 10M --partition 3 -- ls {} >/tmp/out 2>/tmp/err
  expect guest-partition "lost+found|page" "$(paste -sd '|' /tmp/out)" "$(cat /tmp/err)"
  jumpbag snapshot host/vm --size 10M --dry-run -- ls {} >/tmp/out 2>/tmp/err
  says guest-dry-run '^mount -t ext4 -o ro,nosuid,nodev,loop,offset=[0-9]+,sizelimit=8388608 /dev/host/jumpbag_vm_[0-9_]+ /run/jumpbag/host-jumpbag_vm_[0-9_]+/boot$' /tmp/out
  # Killed with several mounts.
  rm -f /tmp/running
  jumpbag snapshot host/vm --size 10M -- sh -c 'touch /tmp/running; exec sleep 300' 2>/tmp/err & pid=$!
  until_there /tmp/running; kill -9 $pid; wait $pid; kill $(pidof sleep); sleep 0.5
  jumpbag snapshot clean 2>/tmp/err; expect guest-crash-cleaned 0 $? "$(cat /tmp/err)"
  clean clean-after-guest-crash
  lvremove -y host/vm; dd if=/dev/zero of=/dev/vdb bs=1M count=60 2>/dev/null; blockdev --rereadpt /dev/vdb
fi

if section xfsguest; then
  # An XFS root can be read by the kernel alone.
  printf 'size=8M,type=83\nsize=310M,type=83\n' | sfdisk -q /dev/vdb
  mke2fs -q -t ext2 -L boot /dev/vdb1; mkfs.xfs -q -f -L root /dev/vdb2
  mount /dev/vdb2 /mnt/a; mkdir -p /mnt/a/etc /mnt/a/boot; echo xfsguest >/mnt/a/etc/hostname
  printf 'LABEL=root / xfs defaults 0 1\nLABEL=boot /boot ext2 defaults 0 2\n' >/mnt/a/etc/fstab; umount /mnt/a
  mount /dev/vdb1 /mnt/a; echo vmlinuz >/mnt/a/kernel; umount /mnt/a
  blockdev --flushbufs /dev/vdb; lvcreate -y -n vm -L 320m host; dd if=/dev/vdb of=/dev/host/vm bs=1M count=320 2>/dev/null
  jumpbag snapshot -q host/vm --size 16M -- cat {}/etc/hostname {}/boot/kernel >/tmp/out 2>/tmp/err
  expect xfs-guest "0 xfsguest|vmlinuz" "$? $(paste -sd '|' /tmp/out)" "$(cat /tmp/err)"
  clean clean-after-xfs-guest
  lvremove -y host/vm; dd if=/dev/zero of=/dev/vdb bs=1M count=60 2>/dev/null; blockdev --rereadpt /dev/vdb
fi

if section xfsgroup; then
  # The same in a volume group of the guest's own, as it is while the guest runs: the log is to be replayed, into the snapshot.
  printf 'size=8M,type=83\nsize=320M,type=8e\n' | sfdisk -q /dev/vdb
  mke2fs -q -t ext2 -L boot /dev/vdb1; pvcreate /dev/vdb2; vgcreate -s 1m inner /dev/vdb2; lvcreate -y -n root -L 304m inner
  mkfs.xfs -q -f /dev/inner/root; mount /dev/inner/root /mnt/a; mkdir -p /mnt/a/etc /mnt/a/boot
  printf '/dev/inner/root / xfs defaults 0 1\nLABEL=boot /boot ext2 defaults 0 2\n' >/mnt/a/etc/fstab
  mount /dev/vdb1 /mnt/a/boot; echo vmlinuz >/mnt/a/boot/kernel; umount /mnt/a/boot
  echo logged >/mnt/a/etc/hostname; sync /mnt/a/etc/fstab; sync /mnt/a/etc/hostname
  lvcreate -y -n vm -L 336m host; dd if=/dev/vdb of=/dev/host/vm bs=1M count=336 iflag=direct 2>/dev/null
  umount /mnt/a; vgchange -an inner; dd if=/dev/zero of=/dev/vdb bs=1M count=60 2>/dev/null; blockdev --rereadpt /dev/vdb
  before=$(sha256sum </dev/host/vm) groups=$(vgs --noheadings -o vg_uuid)
  dmesg -c >/dev/null
  jumpbag snapshot host/vm --size 16M -- sh -c 'cd {}; cat etc/hostname boot/kernel; vgs --noheadings -o vg_uuid; grep " {}" /proc/mounts | cut -d" " -f3 | paste -sd,' >/tmp/out 2>/tmp/err
  expect xfs-group "0 logged|vmlinuz|$groups|xfs,ext4" "$? $(paste -sd '|' /tmp/out)" "$(cat /tmp/err)"
  dmesg | grep -q 'XFS .*Starting recovery' && ok xfs-group-log-replayed || no xfs-group-log-replayed "$(dmesg | grep XFS)"
  echo 3 >/proc/sys/vm/drop_caches
  expect xfs-group-origin-untouched "$before" "$(sha256sum </dev/host/vm)"
  expect xfs-group-not-activated "" "$(dmsetup ls | grep inner)"
  clean clean-after-xfs-group
  # Killed meanwhile.
  rm -f /tmp/running
  jumpbag snapshot host/vm --size 16M -- sh -c 'touch /tmp/running; exec sleep 300' 2>/tmp/err & pid=$!
  until_there /tmp/running; kill -9 $pid; wait $pid; kill $(pidof sleep); sleep 0.5
  jumpbag snapshot clean 2>/tmp/err; expect xfs-group-crash-cleaned 0 $? "$(cat /tmp/err)"
  clean clean-after-xfs-group-crash
  lvremove -y host/vm
fi

if section guestgroup; then
  lvcreate -y -n vm -L 72m host; gunzip -c /tmp/guest.gz | dd of=/dev/host/vm bs=1M 2>/dev/null
  groups=$(vgs --noheadings -o vg_uuid)
  jumpbag snapshot host/vm --size 16M -- sh -c 'cd {}; cat etc/hostname boot/kernel home/anna/letter; vgs --noheadings -o vg_uuid; grep " {}" /proc/mounts | cut -d" " -f3 | paste -sd,' >/tmp/out 2>/tmp/err
  expect guest-group "0 inside|vmlinuz|dear|$groups|fuse.jumpbag,fuse.jumpbag,ext4" "$? $(paste -sd '|' /tmp/out)" "$(cat /tmp/err)"
  expect guest-group-not-activated "" "$(dmsetup ls | grep -e root -e home)"
  clean clean-after-guest-group
  rm -f /tmp/running
  jumpbag snapshot host/vm --size 16M -- sh -c 'touch /tmp/running; exec sleep 300' 2>/tmp/err & pid=$!
  until_there /tmp/running; kill -9 $pid; wait $pid; kill $(pidof sleep); sleep 0.5
  jumpbag snapshot clean 2>/tmp/err; expect guest-group-crash-cleaned 0 $? "$(cat /tmp/err)"
  clean clean-after-guest-group-crash
  lvremove -y host/vm
fi

kill $WRITER
exec 1>&3
echo done
