# Runs in the virtual machine: makes Linux MD arrays of every level, layout and superblock version in slots of 2 MiB of
# /dev/vda, fills them, and prints what each is and the SHA-256 of what the kernel reads from it:
#
#   array NAME FIRST COUNT SIZE-OF-ONE SHA-256     members are COUNT slots from slot FIRST on; NAME begins with the level
#   state NAME WORDS…                              what else there is to know of one
#   tree NAME SHA-256                              of the files in an array, on disks of their own
exec 3>&1 >/tmp/log 2>&1
set -x
trap 'status=$?; [[ $status == 0 ]] || tail -n 60 /tmp/log >&3' EXIT
slot_size=$((2 << 20))
next=0
md=/dev/md77
mkdir -p /run/mdadm /dev/md
# Without this the kernel refuses arrays of unequal members that do not say how they are used.
echo 2 >/sys/module/raid0/parameters/default_layout
head -c 20M /dev/urandom >/tmp/random
filled=0

attach() { # COUNT [BYTES-OF-EACH…]: loop devices on the next slots, into $members
  local count=$1 size i
  shift
  members=()
  first=$next
  for ((i = 0; i < count; i++)); do
    size=${1:-$slot_size}
    shift || true
    members+=("$(losetup --find --show --offset $((next * slot_size)) --sizelimit "$size" /dev/vda)")
    next=$((next + 1))
  done
}

size_of() { # DEVICE: in bytes, without a program
  local sectors
  read -r sectors <"/sys/class/block/${1##*/}/size"
  size=$((sectors * 512))
}

fill() { # every array gets other bytes each time, to its end
  local size
  size_of "$1"
  filled=$((filled + 1))
  dd if=/tmp/random of="$1" bs=1M iflag=skip_bytes,count_bytes skip=$((filled * 4099)) count=$size conv=fsync
}

detach() {
  losetup -d "${members[@]}"
}

settle() { # until nothing is being synchronised
  while [[ $(</proc/mdstat) =~ resync|recovery|reshape|check ]]; do sleep 0.2; done
}

hash() { # DEVICE
  read -r sum _ < <(sha256sum <"$1")
}

report() { # NAME: the array is stopped, its members detached
  local sum size
  hash $md
  size_of $md
  mdadm --stop $md
  detach
  echo "array $1 $first ${#members[@]} $size $sum" >&3
}

make() { # NAME MEMBERS mdadm's options…
  local name=$1 count=$2
  shift 2
  attach "$count" ${sizes-}
  # The default leaves a megabyte before the data, which is half of a slot.
  [[ "$*" != *=1.[12]* ]] || set -- --data-offset=128 "$@"
  mdadm --create $md --run --name="${name:0:30}" --homehost=host --raid-devices=$((count - ${spares:-0})) --spare-devices=${spares:-0} "$@" "${members[@]}" <<<y
  fill $md
}

versions=(0.90 1.0 1.1 1.2)
turn=0
version() { version=${versions[turn++ % 4]}; }

# 1. Every layout.
for layout in left-symmetric left-asymmetric right-symmetric right-asymmetric parity-first parity-last; do
  version; make "raid5-$layout-$version" 4 --level=5 --layout=$layout --metadata=$version --chunk=$((4 << (turn % 5))) --assume-clean; report "raid5-$layout-$version"
done
for layout in left-symmetric left-asymmetric right-symmetric right-asymmetric parity-first parity-last ddf-zero-restart ddf-N-restart ddf-N-continue \
  left-symmetric-6 left-asymmetric-6 right-symmetric-6 right-asymmetric-6 parity-first-6; do
  version; make "raid6-$layout-$version" 5 --level=6 --layout=$layout --metadata=$version --chunk=$((4 << (turn % 5))) --assume-clean; report "raid6-$layout-$version"
done
for layout in n2 f2 o2 n3 f3 o3; do
  for count in 4 5; do
    [[ $layout$count != *34 ]] || continue
    version; make "raid10-$layout-$count-$version" $count --level=10 --layout=$layout --metadata=$version --chunk=$((4 << (turn % 5))) --assume-clean
    report "raid10-$layout-$count-$version"
  done
done

# 2. Every level with every version.
for version in "${versions[@]}"; do
  make "raid1-$version" 2 --level=1 --metadata=$version --assume-clean; report "raid1-$version"
  make "raid4-$version" 3 --level=4 --metadata=$version --chunk=16 --assume-clean; report "raid4-$version"
  make "raid5-plain-$version" 3 --level=5 --metadata=$version --chunk=64; settle; report "raid5-plain-$version"
  make "raid6-plain-$version" 4 --level=6 --metadata=$version --chunk=64; settle; report "raid6-plain-$version"
  make "raid10-plain-$version" 2 --level=10 --metadata=$version --chunk=64; settle; report "raid10-plain-$version"
  sizes="900000 2097152 1400000" make "linear-$version" 3 --level=linear --metadata=$version; report "linear-$version"
  # mdadm makes no RAID 0 of version 0.90 any more: a RAID 4 without its parity becomes one.
  [[ $version == 0.90 ]] && continue
  make "raid0-$version" 3 --level=0 --metadata=$version --chunk=32; report "raid0-$version"
  # Three zones: all of them, two, one.
  layout=alternate
  [[ $version != 1.1 ]] || layout=original
  sizes="900000 2097152 1400000" make "raid0-zones-$version" 3 --level=0 --layout=$layout --metadata=$version --chunk=16; report "raid0-zones-$version"
done
make raid0-0.90 4 --level=4 --metadata=0.90 --chunk=32 --assume-clean
mdadm $md --fail "${members[3]}"
mdadm $md --remove "${members[3]}"
echo raid0 >/sys/block/md77/md/level
dropped=${members[3]}
members=("${members[@]:0:3}")
report raid0-0.90
losetup -d "$dropped"
make raid1-three 3 --level=1 --metadata=1.2 --bitmap=internal; settle; report raid1-three
make raid5-two 2 --level=5 --metadata=1.2; settle; report raid5-two
make raid5-bitmap 4 --level=5 --metadata=1.0 --bitmap=internal --chunk=8; settle; report raid5-bitmap

# 3. Random geometries.
RANDOM=20240607
for round in {1..8}; do
  version; count=$((3 + RANDOM % 5)) chunk=$((4 << (RANDOM % 7)))
  case $((RANDOM % 4)) in
    0) name=raid5-random$round; make $name $count --level=5 --metadata=$version --chunk=$chunk --assume-clean ;;
    1) name=raid6-random$round; ((count > 3)) || count=4; make $name $count --level=6 --metadata=$version --chunk=$chunk --assume-clean ;;
    2) name=raid10-random$round; kinds=(n f o); make $name $count --level=10 --layout=${kinds[RANDOM % 3]}$((2 + RANDOM % 2)) --metadata=$version --chunk=$chunk --assume-clean ;;
    3) name=raid0-random$round; sizes=; for ((i = 0; i < count; i++)); do sizes+=" $((700000 + RANDOM * 40))"; done; echo "lengths $name$sizes" >&3
       make $name $count --level=0 --metadata=1.2 --chunk=$chunk; sizes= ;;
  esac
  report "$name"
done

# 4. Members that must not be trusted. The first of them is always the one in the last slot but one.
stale() { # NAME: the member with index 1 fails, and the array goes on without it
  hash $md
  echo "state $1 old $sum" >&3
  mdadm $md --fail "${members[1]}"
  fill $md
  report "$1"
}
for version in 0.90 1.2; do
  make "raid1-stale-$version" 2 --level=1 --metadata=$version; settle; stale "raid1-stale-$version"
  make "raid5-stale-$version" 3 --level=5 --metadata=$version --bitmap=internal; settle; stale "raid5-stale-$version"
  make "raid6-stale-$version" 4 --level=6 --metadata=$version; settle; stale "raid6-stale-$version"
  make "raid10-stale-$version" 4 --level=10 --metadata=$version; settle; stale "raid10-stale-$version"
done

rebuild() { # NAME MEMBERS OPTIONS…: the last member is replaced by a spare that gets no further than a part
  local name=$1 count=$2
  shift 2
  make "$name" "$count" "$@"
  settle
  mdadm $md --fail "${members[count - 1]}"
  fill $md
  local kept=("${members[@]}") from=$first
  attach 1
  members=("${kept[@]}" "${members[0]}") first=$from
  echo 200 >/sys/block/md77/md/sync_speed_max
  echo 50 >/sys/block/md77/md/sync_speed_min
  mdadm $md --add "${members[count]}"
  sleep 6
  echo "state $name rebuilding $(cat /sys/block/md77/md/sync_completed)" >&3
  echo frozen >/sys/block/md77/md/sync_action
  report "$name"
}
rebuild raid1-rebuilding 2 --level=1 --metadata=1.2
rebuild raid5-rebuilding 3 --level=5 --metadata=1.2
rebuild raid6-rebuilding 4 --level=6 --metadata=1.1
rebuild raid5-rebuilding-old 3 --level=5 --metadata=0.90

# A spare beside, a replacement, one whose member is given a list of bad blocks later: the kernel writes it when it likes.
spares=1 make raid5-spare 4 --level=5 --metadata=1.2; settle; report raid5-spare
make raid5-badblocks 3 --level=5 --metadata=1.2 --chunk=16 --assume-clean
report raid5-badblocks

# What is refused: a write journal.
attach 4
mdadm --create $md --run --data-offset=128 --level=5 --metadata=1.2 --raid-devices=3 --write-journal "${members[3]}" "${members[@]:0:3}"
fill $md
settle
report raid5-journal

# 5. On disks of their own: an array of partitions with LVM on it, an array of whole disks with partitions on it.
tree() { # DEVICE NAME
  mke2fs -q -F -t ext4 -O ^has_journal "$1"
  mount "$1" /mnt
  mkdir -p /mnt/etc /mnt/deep/er
  echo "$2" >/mnt/etc/hostname
  head -c 700001 /tmp/random >/mnt/deep/er/random
  for i in {1..40}; do head -c $((i * 1000)) /tmp/random >"/mnt/deep/f$i"; done
  echo "tree $2 $(cd /mnt && find . -type f | sort | xargs sha256sum | sha256sum | cut -d ' ' -f 1)" >&3
  umount /mnt
}
for disk in b c d; do
  printf 'label: gpt\n2048,20480,L\n22528,,R\n' | sfdisk -q --no-reread --no-tell-kernel /dev/vd$disk
  blockdev --rereadpt /dev/vd$disk || true
done
sleep 1
mdadm --create $md --run --name=data --homehost=box --level=5 --chunk=16 --raid-devices=3 /dev/vdb2 /dev/vdc2 /dev/vdd2
settle
pvcreate -q $md
vgcreate -q -s 1m onraid $md
lvcreate -q -y -n root -L 20m onraid
tree /dev/onraid/root lvm-on-array
vgchange -q -an onraid
mdadm --stop $md
mdadm --create $md --run --name=whole --homehost=box --level=10 --layout=f2 --chunk=8 --raid-devices=3 /dev/vde /dev/vdf /dev/vdg
settle
printf 'label: dos\n2048,,83\n' | sfdisk -q $md
blockdev --rereadpt $md || true
sleep 1
tree ${md}p1 partition-on-array
mdadm --stop $md
mdadm --create $md --run --level=1 --metadata=0.90 --raid-devices=2 /dev/vdb1 /dev/vdc1
settle
tree $md mirror-of-partitions
mdadm --stop $md
echo "done $next" >&3
