# Runs in the virtual machine, which has the program, systemd, an ATA and an NVMe disk: makes volumes, an array, a filesystem and services that are in
# trouble, and prints what jumpbag facts says of them, then what lvm2, systemd and smartmontools say:
#
#   {…}                      lines of jumpbag facts --json
#   lvs NAME DATA METADATA   percent
#   failed UNIT …            as systemctl lists it
#   timer …                  the same
#   error MESSAGE            in the journal, not of the kernel
#   kernel MESSAGE           in the journal, an error of the kernel
#   smart NAME VERDICT
#   journal BASE64           a line of the journal's file, packed, as it stands while the machine runs
exec 3>&1 >/tmp/log 2>&1
set -x
# A volume that takes no request would keep the machine from going down.
trap 'status=$?; [[ $status == 0 ]] || tail -n 60 /tmp/log >&3; for volume in halted deaf; do dmsetup resume $volume; done' EXIT
set -e
pvcreate /dev/vda /dev/vdb
vgcreate -s 1m vg-1 /dev/vda /dev/vdb
lvcreate -y --type thin-pool -L 32m --poolmetadatasize 4m -n pool vg-1 /dev/vda
lvcreate -y -V 64m --thinpool pool -n thin vg-1
dd if=/dev/urandom of=/dev/vg-1/thin bs=1M count=28 oflag=direct
lvcreate -y -L 16m -n plain vg-1 /dev/vda
lvcreate -y -s -L 8m -n filling vg-1/plain
lvcreate -y -s -L 4m -n lost vg-1/plain
dd if=/dev/urandom of=/dev/vg-1/plain bs=1M count=7 oflag=direct
lvcreate -y --type raid1 -m 1 -L 8m -n mirrored vg-1
dmsetup create halted --table '0 2048 zero'; dmsetup suspend halted
dmsetup create broken --table '0 2048 error'

lvcreate -y -L 16m -n files vg-1 /dev/vda
mke2fs -q -t ext4 /dev/vg-1/files
mkdir -p /mnt/files
mount -o errors=remount-ro /dev/vg-1/files /mnt/files
echo 1 >"$(ls -d /sys/fs/ext4/dm-*)/trigger_fs_error"

for i in 1 2; do truncate -s 4M /tmp/member$i; losetup /dev/loop$i /tmp/member$i; done
mkdir -p /run/mdadm /dev/md
mdadm --create /dev/md7 --run --metadata=1.2 --level=1 --raid-devices=2 --assume-clean /dev/loop1 /dev/loop2
mdadm /dev/md7 --fail /dev/loop2

units=/run/systemd/system
mkdir -p $units
cat >$units/ledger.service <<'END'
[Unit]
Description=The ledger
[Service]
Type=oneshot
ExecStart=/bin/bash -c 'echo "<3>cannot open /srv/ledger: it is gone"; exit 3'
END
cat >$units/hungry.service <<'END'
[Service]
Type=oneshot
MemoryMax=20M
ExecStart=/bin/dd if=/dev/zero of=/run/big bs=1M count=60
END
cat >$units/tick.service <<'END'
[Service]
Type=oneshot
ExecStart=/bin/bash -c :
END
printf '[Timer]\nOnActiveSec=0\nAccuracySec=1us\n' >$units/tick.timer
systemctl start tick.timer
systemctl start ledger.service || true
systemctl start hungry.service || true
# The superblock of a volume that takes no request: this task can not even be killed.
dmsetup create deaf --table '0 2048 zero'; dmsetup suspend --nolockfs deaf
mkdir /mnt/deaf
mount -t ext4 /dev/mapper/deaf /mnt/deaf &
echo 1 >/proc/sys/kernel/hung_task_timeout_secs
for try in {1..100}; do dmesg | grep -q 'blocked for more than' && break; sleep 0.1; done
echo 0 >/proc/sys/kernel/hung_task_timeout_secs

before=$(cut -d" " -f1 /proc/modules)
# Some at a time: processors that are emulated on a busy machine take as long for four as others for all.
for probes in lvm,raid,filesystems,disks kernel,pressure,smart units,logs,changes; do jumpbag facts --json --only $probes >&3; done
[[ $before == "$(cut -d" " -f1 /proc/modules)" ]] || { echo "modules changed" >&3; exit 1; }
lvs --noheadings -o lv_name,data_percent,metadata_percent vg-1 | sed 's/^ */lvs /' >&3
systemctl list-units --failed --plain --no-legend | sed 's/^/failed /' >&3
systemctl list-timers --all --no-legend | sed 's/^/timer /' >&3
journalctl -q -p err -o cat _TRANSPORT=syslog + _TRANSPORT=stdout + _TRANSPORT=journal + _TRANSPORT=kernel SYSLOG_IDENTIFIER=systemd | sed 's/^/error /' >&3
journalctl -q -p err -o cat _TRANSPORT=kernel SYSLOG_IDENTIFIER=kernel | sed 's/^/kernel /' >&3
for disk in sda nvme0n1; do smartctl -H /dev/$disk | sed -n "s/.*test result: /smart $disk /p" >&3; done
gzip -c /run/log/journal/*/system.journal | base64 | sed 's/^/journal /' >&3
