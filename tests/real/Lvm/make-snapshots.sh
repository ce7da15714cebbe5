# Runs in the virtual machine: makes old-style snapshots on /dev/vda and /dev/vdb and thin volumes on /dev/vdc and /dev/vdd, writes to
# them and to what they come from at random (the first word of the disk's first sector is the seed), and prints what LVM says of them and
# the SHA-256 of what the kernel reads from each. Every line of the answer begins with its kind.
exec 3>&1 >/tmp/log 2>&1
trap 'status=$?; [[ $status == 0 ]] || cat /tmp/log >&3' EXIT
set -x

RANDOM=$(head -c 5 /dev/vda)

scribble() { # $1: device, $2: how many writes of 512 bytes to 48 KiB
  local i sectors count
  sectors=$(($(blockdev --getsize64 "$1") / 512))
  for ((i = 0; i < $2; i++)); do
    count=$((RANDOM % 96 + 1))
    ((i % 3)) || count=$((RANDOM % 8 + 1))
    dd if=/dev/urandom of="$1" bs=512 count=$count seek=$(((RANDOM * 32768 + RANDOM) % (sectors - count))) conv=notrunc status=none
  done
}
forget() { # $1: device: discards two ranges of 1 MiB
  blkdiscard -o $((RANDOM % 8 * 1048576)) -l 1048576 "$1"
  blkdiscard -o $((RANDOM % 8 * 1048576 + 65536)) -l 983040 "$1"
}
fill() { dd if=/dev/urandom of="$1" bs=64k count=$2 status=none; }
chunk() { echo $((4 << RANDOM % 8))k; } # 4 to 512 KiB
hash_of() { sha256sum <"$1" | cut -d ' ' -f 1; }
make_disk() { # $1: device: a partition table and ext4 with files in its second partition
  local loop
  printf 'label: dos\n2048,2048,83\n4096,,83\n' | sfdisk -q "$1"
  mke2fs -q -t ext4 -b 1024 -E offset=$((4096 * 512)) "$1" $((($(blockdev --getsize64 "$1") - 4096 * 512) / 1024))
  change_disk "$1" first
}
change_disk() { # $1: device, $2: a word that goes into the files
  local loop i
  loop=$(losetup -f --show -o $((4096 * 512)) "$1")
  mount -t ext4 "$loop" /mnt
  mkdir -p /mnt/etc "/mnt/$2"
  echo "$2" >/mnt/etc/hostname
  echo '/dev/sda2 / ext4 defaults 0 1' >/mnt/etc/fstab
  for i in 1 2 3 4 5 6; do dd if=/dev/urandom of="/mnt/$2/$i" bs=1k count=$((RANDOM % 200)) status=none; done
  rm -f "/mnt/first/$((RANDOM % 6 + 1))"
  umount /mnt
  losetup -d "$loop"
}

# A device that can be made slow, to stop a merge half-way.
sectors=$(blockdev --getsz /dev/vdb)
dmsetup create slow --table "0 $sectors linear /dev/vdb 0"
echo 'devices { global_filter=["r|/dev/vdb|"] }' >>/etc/lvm/lvm.conf
pvcreate /dev/vda /dev/mapper/slow /dev/vdc /dev/vdd
vgcreate -s 256k old /dev/vda /dev/mapper/slow
vgcreate -s 256k thin /dev/vdc /dev/vdd

# old: several snapshots of one origin, taken at different times, with chunks of different sizes; one with its store in pieces.
lvcreate -y -n origin -L 4m old /dev/vda
lvextend -L +1280k old/origin /dev/mapper/slow
fill /dev/old/origin 84
for i in 1 2 3; do
  lvcreate -y -s -c "$(chunk)" -n "snap$i" -L 7m old/origin
  scribble /dev/old/origin 12
  scribble "/dev/old/snap$i" 6
done
lvcreate -y -s -c 4k -n inpieces -L 256k old/origin /dev/vda
lvcreate -y -n between -l 1 old /dev/vda
lvextend -L +7m old/inpieces
scribble /dev/old/origin 20
scribble /dev/old/inpieces 20
lvcreate -y -n striped -i 2 -I 16k -L 4m old
fill /dev/old/striped 64
lvcreate -y -s -c 8k -n ofstriped -L 6m old/striped
scribble /dev/old/striped 20
# one that is full, one on nothing, one whose origin has grown
lvcreate -y -n small -L 2m old
fill /dev/old/small 32
lvcreate -y -s -c 4k -n full -L 512k old/small
fill /dev/old/small 32
lvcreate -y --type snapshot --virtualsize 16m -c 16k -L 2m -n virtual old
scribble /dev/old/virtual 10
lvcreate -y -n grown -L 2m old
fill /dev/old/grown 32
lvcreate -y -s -c 4k -n before -L 1m old/grown
scribble /dev/old/grown 5
lvchange -an old/grown
lvextend -L +1m old/grown
lvchange -ay old/grown
scribble /dev/old/grown 5
# a partitioned disk with ext4, and a snapshot of it
lvcreate -y -n vm_disk -L 12m old
make_disk /dev/old/vm_disk
lvcreate -y -s -c 4k -n vm_snap -L 4m old/vm_disk
change_disk /dev/old/vm_disk later
# one that is to be merged into its origin, and another one of the same origin
lvcreate -y -n merged -L 4m old
fill /dev/old/merged 64
lvcreate -y -s -c 4k -n merging -L 5m old/merged /dev/mapper/slow
lvcreate -y -s -c 32k -n beside -L 6m old/merged
fill /dev/old/merged 50
scribble /dev/old/merging 5
merging=$(hash_of /dev/old/merging)
exec 7</dev/old/merged # while it is open, the merge waits
lvconvert --merge old/merging
exec 7<&-

# thin: snapshots of snapshots, discards, an origin that was removed, a metadata snapshot
lvcreate -y --type thin-pool -c 64k --poolmetadatasize 2m -L 28m -n pool thin /dev/vdc
lvcreate -y -V 20m -n volume --thinpool pool thin
fill /dev/thin/volume 40
scribble /dev/thin/volume 20
from=volume
for i in 1 2 3; do
  lvcreate -y -s -n "snap$i" "thin/$from"
  lvchange -ay -K "thin/snap$i"
  scribble "/dev/thin/$from" 5
  scribble "/dev/thin/snap$i" 5
  from=snap$i
done
forget /dev/thin/volume
forget /dev/thin/snap2
lvcreate -y -V 8m -n gone --thinpool pool thin
fill /dev/thin/gone 10
lvcreate -y -s -n stays thin/gone
lvremove -y thin/gone
lvchange -ay -K thin/stays
lvcreate -y -V 24m -n empty --thinpool pool thin
dmsetup message thin-pool-tpool 0 reserve_metadata_snap
scribble /dev/thin/snap3 5
lvcreate -y -s -c 4k -L 1m -n oldstyle thin/snap1
scribble /dev/thin/snap1 3
lvcreate -y -V 16m -n vm_disk --thinpool pool thin
make_disk /dev/thin/vm_disk
lvcreate -y -s -n vm_snap thin/vm_disk
change_disk /dev/thin/vm_disk later
lvchange -ay -K thin/vm_snap
# chunks that are no power of two, striped data, external origins that are shorter than what shows them and end within a chunk
lvcreate -y --type thin-pool -c 192k --poolmetadatasize 2m -i 2 -I 32k -L 9m -n odd thin
lvcreate -y -n base -L 3328k thin
fill /dev/thin/base 52
lvchange -an thin/base
lvchange -pr thin/base
lvcreate -y -s --thinpool thin/odd -n template thin/base
lvchange -ay -K thin/template
scribble /dev/thin/template 4
lvextend -L +1m thin/template
dd if=/dev/urandom of=/dev/thin/template bs=512 seek=6655 count=3 conv=notrunc status=none
lvcreate -y -s -n oftemplate thin/template
lvchange -ay -K thin/oftemplate
scribble /dev/thin/oftemplate 3
scribble /dev/thin/template 3
lvchange -an thin/stays
lvchange -pr thin/stays
lvcreate -y -s --thinpool thin/odd -n across thin/stays
lvchange -ay -K thin/across
scribble /dev/thin/across 3
lvchange -ay -K thin/stays
# metadata on a mirror
lvcreate -y --type raid1 -m 1 -L 2m -n mirrored_meta thin
lvcreate -y -L 4m -n onmirror thin
lvconvert -y --type thin-pool -c 64k --poolmetadata thin/mirrored_meta thin/onmirror
lvcreate -y -V 4m -n mirrored --thinpool onmirror thin
scribble /dev/thin/mirrored 10
# a snapshot that takes its origin's place when that is activated next
lvcreate -y -V 4m -n replaced --thinpool pool thin
fill /dev/thin/replaced 20
lvcreate -y -s -n replacing thin/replaced
lvchange -ay -K thin/replacing
scribble /dev/thin/replacing 5
scribble /dev/thin/replaced 5
sync
replacement=$(hash_of /dev/thin/replacing)
lvchange -an thin/replacing
exec 7</dev/thin/replaced
lvconvert -y --merge thin/replacing
exec 7<&-
# a pool whose data is full, and one whose metadata fails: writes fail, and the kernel marks the second; what was written before stays
lvcreate -y --type thin-pool -c 64k --poolmetadatasize 2m -L 2m -n brim thin
lvchange --errorwhenfull y thin/brim
lvcreate -y -V 4m -n overfull --thinpool brim thin
! dd if=/dev/urandom of=/dev/thin/overfull bs=64k count=64 conv=fsync
lvcreate -y --type thin-pool -c 64k --poolmetadatasize 2m -L 4m -n worn thin
lvcreate -y -V 8m -n onworn --thinpool worn thin
fill /dev/thin/onworn 30
sync
read -r _ metadata _ below start <<<"$(dmsetup table thin-worn_tmeta)"
dmsetup reload thin-worn_tmeta <<END
0 8 linear $below $start
8 $((metadata - 8)) flakey $below $((start + 8)) 0 1000 1 error_writes
END
dmsetup suspend --noflush thin-worn_tmeta
dmsetup resume thin-worn_tmeta
! dd if=/dev/urandom of=/dev/thin/onworn bs=64k seek=30 count=20 conv=notrunc,fsync
echo 3 >/proc/sys/vm/drop_caches

exec >&3 2>/tmp/log
echo "pool brim $(dmsetup status thin-brim-tpool)"
echo "pool worn $(dmsetup status thin-worn-tpool)"
options=(--noheadings --units b --nosuffix --separator '|')
lvs "${options[@]}" -o vg_name,lv_name,segtype,origin,pool_lv,data_percent,metadata_percent,lv_attr old thin | sed 's/^ */volume /'
for name in $(lvs --noheadings -o lv_full_name old thin); do
  case $name in
    old/full | */pool | */odd | */onmirror | */brim | */worn) ;;
    old/merged) echo "content $name $(blockdev --getsize64 "/dev/$name") $merging" ;;
    thin/replaced) echo "content $name $(blockdev --getsize64 "/dev/$name") $replacement" ;;
    *)
      [[ -e /dev/$name ]] || lvchange -ay -K "$name" >/tmp/log
      echo "content $name $(blockdev --getsize64 "/dev/$name") $(hash_of "/dev/$name")"
      ;;
  esac
done
for name in old/vm_disk old/vm_snap thin/vm_disk thin/vm_snap; do
  loop=$(losetup -f --show -r -o $((4096 * 512)) /dev/$name)
  mount -t ext4 -o ro,noload "$loop" /mnt
  (cd /mnt && find . -type f -exec sha256sum {} + | sed "s|^|file $name |")
  umount /mnt
  losetup -d "$loop"
done
# The merge begins when the origin is activated, and is stopped half-way. Its status, "allocated/total metadata", counts down.
before=$(dmsetup status old-merging | cut -d ' ' -f 4)
lvchange -an old/merged >/tmp/log
dmsetup reload slow --table "0 $sectors delay /dev/vdb 0 0 /dev/vdb 0 1500" # what is written, not what LVM reads
dmsetup suspend slow
dmsetup resume slow
lvchange -ay old/merged >/tmp/log
while [[ $(dmsetup status old-merged) == *" $before"* ]]; do :; done
dmsetup suspend old-merged
echo "merge $before $(dmsetup status old-merged)"
dmsetup resume old-merged
lvchange -an old/merged >/tmp/log
vgchange -an >/tmp/log
dmsetup remove slow
echo done
