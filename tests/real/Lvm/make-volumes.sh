# Runs in the virtual machine: makes volume groups of every kind on /dev/vda ... /dev/vdj, fills their volumes, and prints
# what LVM says of them and the SHA-256 of what the kernel reads from each. Every line of the answer begins with its kind.
exec 3>&1 >/tmp/log 2>&1
trap 'status=$?; [[ $status == 0 ]] || cat /tmp/log >&3' EXIT

head -c 16M /dev/urandom >/tmp/random
filled=0

fill() { # every block of a volume holds other bytes than every other block of any volume, for each begins at another place in a block
  filled=$((filled + 1))
  dd if=/tmp/random of="$1" bs=1M iflag=skip_bytes,count_bytes skip=$((filled * 4099)) count="$(blockdev --getsize64 "$1")" conv=fsync
}

# main: two, no and one metadata area; linear, striped, in pieces, moved, with odd names, and every type we refuse so far.
pvcreate --pvmetadatacopies 2 /dev/vda
pvcreate --pvmetadatacopies 0 /dev/vdb
pvcreate --pvmetadatacopies 1 --labelsector 3 /dev/vdc
pvcreate --dataalignment 1m --dataalignmentoffset 7s --bootloaderareasize 1m /dev/vdd
vgcreate -s 1m main /dev/vda /dev/vdb /dev/vdc /dev/vdd
lvcreate -y -n linear -L 5m main /dev/vda
lvcreate -y -n striped2 -i 2 -I 4k -L 6m main
lvcreate -y -n striped3 -i 3 -I 64k -L 9m main
lvcreate -y -n striped4 -i 4 -I 512k -L 8m main
lvcreate -y -n pieces -L 3m main /dev/vda
lvcreate -y -n between -L 1m main /dev/vda
lvextend -L +2m main/pieces /dev/vda
lvextend -L +3m main/pieces /dev/vdc
lvcreate -y -n mixed -L 2m main /dev/vdb
lvextend -i 2 -I 16k -L +4m main/mixed /dev/vdc /dev/vdd
lvcreate -y -n moved -L 4m main /dev/vda
fill /dev/main/moved
pvmove -i 1 -n moved /dev/vda /dev/vdd
lvcreate -y -n 'odd+na.me-with_all--of.them' -L 1m main
lvcreate -y -n tagged -L 1m --addtag one --addtag 'two/+.-_#=!:&' main
lvcreate -y -n hidden -an -pr -L 1m main
lvcreate -y -n origin -L 2m main
lvcreate -y --type zero -n zero -L 2m main
lvcreate -y --type error -n error -L 1m main
for volume in linear striped2 striped3 striped4 pieces between mixed 'odd+na.me-with_all--of.them' tagged origin; do
  fill "/dev/main/$volume"
done
lvcreate -y -s -n snap -L 3m main/origin
fill /dev/main/snap
lvcreate -y --type thin-pool -n pool -L 4m main
lvcreate -y --type thin -n thin -V 8m --thinpool pool main
lvcreate -y -s -n thinsnap main/thin
lvcreate -y --type mirror -m 1 --mirrorlog core -n mirror -L 1m main
lvcreate -y --type raid1 -m 1 -n raid1 -L 1m main
lvcreate -y --type raid0 -i 2 -n raid0 -L 2m main
lvcreate -y --type raid5 -i 2 -n raid5 -L 2m main
lvcreate -y --type raid10 -i 2 -m 1 -n raid10 -L 2m main
lvcreate -y -n cached -L 4m main
lvcreate -y --type cache-pool -n cachepool -L 8m main
lvconvert -y --type cache --cachepool main/cachepool main/cached

# small: small extents, and a metadata area that a few changes fill.
pvcreate --metadatasize 32k --dataalignment 4k --config 'devices { default_data_alignment=0 }' /dev/vde
vgcreate -s 128k small /dev/vde
lvcreate -y -n first -l 3 small
lvcreate -y -n second -l 5 small
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do lvchange --addtag "tag$i" small/first; done
lvextend -l +4 small/first
fill /dev/small/first
fill /dev/small/second

# ignored: the first area is marked ignored; what counts stands on the second.
vgcreate -s 4m ignored /dev/vdf /dev/vdg
lvcreate -y -n before -L 4m ignored
pvchange --metadataignore y /dev/vdf
lvcreate -y -n after -L 8m ignored /dev/vdf
lvcreate -y -n both -i 2 -L 8m ignored
for volume in before after both; do fill "/dev/ignored/$volume"; done

# host: a virtual machine's partitioned disk in a volume, and in its second partition another volume group.
vgcreate host /dev/vdh /dev/vdi
lvcreate -y -n vm_disk -i 2 -I 8k -L 48m host
printf 'label: dos\n2048,8192,83\n10240,,8e\n' | sfdisk /dev/host/vm_disk
partition=$(losetup -f)
losetup -o $((10240 * 512)) "$partition" /dev/host/vm_disk
vgcreate -s 1m inner "$partition"
lvcreate -y -n root -L 5m inner
lvcreate -y -n data -L 3m inner
lvextend -L +3m inner/root
fill /dev/inner/root
fill /dev/inner/data

# exported: cannot be activated as it is, but read.
vgcreate exported /dev/vdj
lvcreate -y -n content -L 8m exported
fill /dev/exported/content
sync

exec >&3 2>/tmp/log
report() { sed 's/^ */'"$1"' /'; }
options=(--noheadings --units b --nosuffix --separator '|')
vgs "${options[@]}" -o vg_name,vg_uuid,vg_seqno,vg_extent_size,pv_count,lv_count | report vg
pvs "${options[@]}" -o pv_uuid,dev_size,vg_name,pe_start,pv_pe_count,pv_name | report pv
lvs -a --segments "${options[@]}" -o vg_name,lv_name,lv_uuid,lv_size,segtype,origin,lv_tags,seg_start,seg_size,stripes,stripe_size,lv_attr,lv_time | report segment
dmsetup info -c --noheadings --separator '|' -o uuid,name | sort | while IFS='|' read -r uuid name; do
  [[ $uuid != LVM-* || $name == main-error ]] || echo "content $uuid $(sha256sum </dev/mapper/"$name" | cut -d ' ' -f 1)"
done
vgchange -q -an inner >/tmp/log
losetup -d "$partition"
vgchange -q -an >/tmp/log
vgexport -q exported >/tmp/log
echo done
