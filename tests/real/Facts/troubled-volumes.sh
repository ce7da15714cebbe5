# Runs in the virtual machine, which has the program: makes volumes, an array and a filesystem that are in trouble, and prints what jumpbag facts says of
# them, then what lvm2 says:
#
#   {…}                      lines of jumpbag facts --json
#   lvs NAME DATA METADATA   percent
exec 3>&1 >/tmp/log 2>&1
set -x
trap 'status=$?; [[ $status == 0 ]] || tail -n 60 /tmp/log >&3' EXIT
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

before=$(cut -d" " -f1 /proc/modules)
jumpbag facts --json --only lvm,raid,filesystems,kernel,disks >&3
[[ $before == "$(cut -d" " -f1 /proc/modules)" ]] || { echo "modules changed" >&3; exit 1; }
lvs --noheadings -o lv_name,data_percent,metadata_percent vg-1 | sed 's/^ */lvs /' >&3
dmsetup resume halted
