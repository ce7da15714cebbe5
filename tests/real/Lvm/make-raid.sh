# Runs in the virtual machine: makes LVM mirrors and RAID volumes of every type on /dev/vda ... /dev/vdh, fills them, and prints
#
#   content VG/LV SIZE SHA-256      what the kernel read
#   old VG/LV SHA-256               what a device that was left behind holds
#   state WORDS…
exec 3>&1 >/tmp/log 2>&1
set -x

trap 'status=$?; [[ $status == 0 ]] || tail -n 80 /tmp/log >&3' EXIT
head -c 32M /dev/urandom >/tmp/random
filled=0

fill() { # every volume gets other bytes each time, to its end
  filled=$((filled + 1))
  dd if=/tmp/random of="$1" bs=1M iflag=skip_bytes,count_bytes skip=$((filled * 4099)) count="$(blockdev --getsize64 "$1")" conv=fsync
}

hash() { read -r sum _ < <(sha256sum <"$1"); }

report() {
  hash "/dev/$1"
  echo "content $1 $(blockdev --getsize64 "/dev/$1") $sum" >&3
}

settle() { # VG/LV
  until [[ $(lvs --noheadings -o sync_percent "$1") == *100.00* ]]; do sleep 0.3; done
}

# 1. Every type, on six disks.
vgcreate -s 512k all /dev/vd{a,b,c,d,e,f}
make() { # NAME lvcreate's options…
  local name=$1
  shift
  lvcreate -y -n "$name" "$@" all
  fill "/dev/all/$name"
}
make raid0 --type raid0 -i 3 -I 16k -L 3m
make raid0_meta --type raid0_meta -i 3 -I 16k -L 3m
make raid1 --type raid1 -m 1 --nosync -L 2m
make raid1_3 --type raid1 -m 2 --nosync -L 2m
make raid4 --type raid4 -i 3 -I 16k --nosync -L 3m
for type in raid5_ls raid5_la raid5_rs raid5_ra raid5_n; do make $type --type $type -i 3 -I 8k --nosync -L 3m; done
for type in raid6_zr raid6_nr raid6_nc raid6_n_6 raid6_ls_6 raid6_la_6 raid6_rs_6 raid6_ra_6; do make $type --type $type -i 3 -I 8k -L 3m; done
make raid10 --type raid10 -i 2 -m 1 -I 16k --nosync -L 3m
make mirror_disk --type mirror -m 1 --mirrorlog disk -L 2m
make mirror_core --type mirror -m 1 --mirrorlog core -L 2m
# A reshape that has ended has moved the data.
lvcreate -y -n reshaped --type raid5 -i 3 -I 16k -L 3m all
fill /dev/all/reshaped
settle all/reshaped
lvconvert -y --stripes 4 all/reshaped || true
sleep 1
settle all/reshaped
lvchange -y --resync all/reshaped || true
settle all/reshaped
for lv in mirror_disk mirror_core raid6_zr raid6_nr raid6_nc raid6_n_6 raid6_ls_6 raid6_la_6 raid6_rs_6 raid6_ra_6; do settle all/$lv; done
for lv in $(lvs --noheadings -o lv_name all); do report "all/$lv"; done
lvs -a -o lv_name,segtype,attr,sync_percent,devices all
vgcfgbackup -f /tmp/all all; cat /tmp/all
vgchange -an all

# 2. Devices that must not be trusted: the disk under one of them fails while the volumes are in use.
size=$(blockdev --getsz /dev/vdg)
dmsetup create bad --table "0 $size linear /dev/vdg 0"
vgcreate -s 512k some --config 'devices { filter=["a|/dev/mapper/bad|", "a|/dev/vdh|", "a|/dev/vdi|", "r|.*|"] }' /dev/vdh /dev/mapper/bad /dev/vdi
config=(--config 'devices { filter=["a|/dev/mapper/bad|", "a|/dev/vdh|", "a|/dev/vdi|", "r|.*|"] }')
lvcreate "${config[@]}" -y -n raid1 --type raid1 -m 1 --nosync -L 2m some /dev/vdh /dev/mapper/bad
lvcreate "${config[@]}" -y -n raid5 --type raid5 -i 2 -I 16k --nosync -L 2m some /dev/vdh /dev/mapper/bad /dev/vdi
# The first device of this one is on the disk that fails.
lvcreate "${config[@]}" -y -n first --type raid1 -m 1 --nosync -L 2m some /dev/mapper/bad /dev/vdi
for lv in raid1 raid5 first; do fill /dev/some/$lv; hash /dev/some/$lv; echo "old some/$lv $sum" >&3; done
dmsetup suspend --noflush bad; dmsetup load bad --table "0 $size error"; dmsetup resume bad
for lv in raid1 raid5 first; do fill /dev/some/$lv; done
sleep 2
for lv in raid1 raid5 first; do report some/$lv; done
lvs -a "${config[@]}" -o lv_name,attr,health_status some
dmsetup ls | awk '/^some/ { print $1 }' | while read -r name; do dmsetup remove -f "$name" || true; done
for name in some-raid1 some-raid5 some-first; do dmsetup remove $name || true; done
for name in $(dmsetup ls | awk '/^some/ { print $1 }'); do dmsetup remove "$name" || true; done
dmsetup suspend --noflush bad; dmsetup load bad --table "0 $size linear /dev/vdg 0"; dmsetup resume bad
dmsetup remove bad

# 3. A device that is only rebuilt in part; a move and a reshape under way.
vgcreate -s 512k busy /dev/vd{j,k,l,m}
lvcreate -y -n rebuilding --type raid5 -i 2 -I 16k --nosync -L 12m busy /dev/vdj /dev/vdk /dev/vdl
fill /dev/busy/rebuilding
lvchange -y --maxrecoveryrate 200k --minrecoveryrate 50k busy/rebuilding
lvchange -y --rebuild /dev/vdl busy/rebuilding
sleep 8
echo "state rebuilding $(lvs --noheadings -o sync_percent busy/rebuilding)" >&3
report busy/rebuilding
lvchange -an busy/rebuilding
lvcreate -y -n moving -L 6m busy /dev/vdj
fill /dev/busy/moving
lvextend -L +2m busy/moving /dev/vdk
fill /dev/busy/moving
pvmove -i +600 -n moving /dev/vdj /dev/vdm &
sleep 4
report busy/moving
lvs -a -o lv_name,segtype,attr,sync_percent,devices busy
lvcreate -y -n reshaping --type raid5 -i 2 -I 16k -L 24m busy /dev/vdj /dev/vdk /dev/vdl
fill /dev/busy/reshaping
settle busy/reshaping
lvchange -y --maxrecoveryrate 100k --minrecoveryrate 50k busy/reshaping
lvconvert -y --stripes 3 busy/reshaping
sleep 1
echo "state reshaping $(dmsetup status busy-reshaping)" >&3
lvchange -an busy/reshaping
echo done >&3
