using System.Text.RegularExpressions;
using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Backup;

/// <summary>Sources and copies from one file, as a person has them: written, checked, corrupted in turn, healed, thinned out; restic is the judge.</summary>
public sealed class TiersTests : IDisposable
{
    private const string Script = """
        set -u; export LC_ALL=C.UTF-8 XDG_CACHE_HOME="$PWD/cache" JUMPBAG_STATE="$PWD/state" JUMPBAG_CONFIG="$PWD/jumpbag.toml"
        backup() { jumpbag backup "$@"; }
        judge() { for r in "$@"; do restic -q -r $r --password-file $r.key check --read-data >$r.check 2>&1 && echo "$r good" || cat $r.check; done; }
        same() { diff -r --no-dereference "$1" "$2" && echo same; }
        # Flips bytes in the middle of a file.
        flip() { chmod +w "$1"; printf '\xaa\x55\xaa' | dd of="$1" bs=1 seek=$(($(stat -c %s "$1") / 2)) conv=notrunc status=none; }
        mkdir -p src/deep; seq 200000 >src/text; head -c 21000000 /dev/urandom >src/noise; printf x >"src/deep/$(printf 'a\n"b')"; ln -s ../text src/deep/link; : >src/empty
        for r in near far cloud; do echo "$r password" >$r.key; done
        cat >jumpbag.toml <<E
        [sources.files]
        path = ["$PWD/src"]
        provider = "ourselves"
        [sources.list]
        command = "seq 50000"
        [copies.near]
        url = "$PWD/near"
        password-file = "$PWD/near.key"
        [copies.far]
        tier = "offsite"
        url = "file://$PWD/far"
        password-command = "cat '$PWD/far.key'"
        [copies.cloud]
        tier = "offsite"
        url = "$PWD/cloud"
        password-env = "CLOUD"
        [copies.cloud.keep]
        last = 1
        [policy]
        rpo = "24h"
        E
        export CLOUD='cloud password'
        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void what_runs_is_in_every_copy_and_restic_agrees()
    {
        ShellResult result = Run("""
            backup init -q; echo $?; backup init -q; echo $?
            backup run -q; echo $?; judge near far cloud
            # One polynomial, so the same blobs; and the same tree everywhere.
            backup list --json | python3 -c 'import json,sys; l=json.load(sys.stdin); print(len(l), [len(s["snapshots"]) for s in l])'
            for r in near far cloud; do restic -q -r $r --password-file $r.key list blobs | sort | md5sum; done | uniq | wc -l
            restic -q -r far --password-file far.key restore latest --tag source=files --target theirs; same src theirs$PWD/src
            restic -q -r cloud --password-file cloud.key dump latest --tag source=list /list | cmp - <(seq 50000) && echo list
            jumpbag restore -q files:$PWD/src out; echo $?; same src out; jumpbag restore -q list:/list list; cmp list <(seq 50000) && echo list
            jumpbag restore -q files:$PWD/src some --include 'deep' --exclude link; ( cd some; find . -mindepth 1 | wc -l )
            # The second time nothing but the change crosses.
            echo more >>src/text; backup run --json files 2>said | python3 -c 'import json,sys; print([o["outcome"] for o in json.load(sys.stdin)])'; grep -c '3 unchanged' said
            # A command that fails saves nothing.
            sed 's/seq 50000/seq 9; false/' jumpbag.toml >bad.toml; backup run -q --config bad.toml list 2>said; echo $?; grep -q 'status 1' said && echo told; backup list list | tail -n +2 | wc -l
            # One copy that cannot be reached does not keep the others from being written, and is filled later.
            mv far gone; backup run -q 2>said; echo $?; grep -c 'no repository there' said; mv gone far; backup copy -q; echo $?; backup list --json | python3 -c 'import json,sys; print({len(s["snapshots"]) for s in json.load(sys.stdin)[-1:]})'
            judge near far cloud
            """);
        Assert.Equal("""
            0
            0
            0
            near good
            far good
            cloud good
            2 [3, 3]
            1
            same
            list
            0
            same
            list
            3
            ['saved', 'copied', 'copied']
            1
            1
            told
            1
            1
            2
            0
            {3}
            near good
            far good
            cloud good

            """, result.Output + result.Errors);
    }

    [Fact]
    public void whatever_one_copy_has_lost_the_others_give_and_heal()
    {
        ShellResult result = Run("""
            # The text first, so that it shares no pack with the noise.
            backup init -q; mv src/noise noise; backup run -q; mv noise src/noise; backup run -q; cp -a near near.whole
            damage() { rm -rf near out; cp -a near.whole near; "$@"; jumpbag restore -q files:$PWD/src out 2>said; echo "$1: $?"; same src out; }
            big() { find near/data -type f -size +3M | head -1; }
            nothing() { :; }
            flipped() { for f in $(find near/data -type f); do flip $f; done; }
            packless() { rm $(find near/data -type f); }
            indexless() { rm near/index/*; }
            half() { for f in near/index/*; do chmod +w $f; truncate -s 60 $f; done; }
            keyless() { rm near/keys/*; }
            badkey() { flip near/keys/*; }
            gone() { rm -rf near; }
            # Reading begins with the quickest copy: here with the one that is to be damaged.
            backup drill -q files >/dev/null; rm state/backups/far.json state/backups/cloud.json
            for how in nothing flipped packless indexless half keyless badkey gone; do damage $how; done
            # Damaged in two copies, each elsewhere: still exact.
            rm -rf near out; cp -a near.whole near; flip $(find near/data -type f -size +3M | sort | head -1); cp -a far far.whole; flip $(find far/data -type f -size +3M | sort | tail -1)
            jumpbag restore -q files:$PWD/src out 2>said; echo "two: $?"; same src out
            backup verify -q near far --data 2>said; echo $?; grep -c "don't fit its name" said
            # Which of the two is read first, and so warned of, is the chance of their speeds.
            backup heal -q 2>said; echo $?; grep -v '^warning: \(near\|far\): pack [0-9a-f]*: the blob at byte [0-9]* was altered$' said | grep -v '^hint: what it cannot give is taken from the other copies'; judge near far; backup verify -q --data; echo $?
            # A pack that all have lost: named by its files, and all else is healed.
            for r in near far cloud; do rm $(find $r/data -type f -size +3M); done
            backup heal near 2>said; echo $?; grep -c 'noise' said; rm -rf out; jumpbag restore files:$PWD/src out 2>said; echo $?; cmp src/text out/text && echo text; grep -c '^damaged: .*noise' said
            """);
        string[] ways = ["nothing", "flipped", "packless", "indexless", "half", "keyless", "badkey", "gone", "two"];
        Matches($"^{string.Concat(ways.Select(way => $"{way}: 0\nsame\n"))}1\n2\n0\nnear good\nfar good\n0\n3\n[1-9][0-9]*\n3\ntext\n[1-9][0-9]*\n$", result.Output + result.Errors);
    }

    [Fact]
    public void a_command_that_fails_within_a_pipeline_saves_nothing()
    {
        Require.Tool("bash");
        ShellResult result = Run("""
            printf '[sources.pipe]\ncommand = "(echo partial; exit 3) | gzip -c"\n[sources.whole]\ncommand = "echo whole | gzip -c"\n' >>jumpbag.toml
            backup init -q; backup run -q pipe 2>said; echo $?; grep -q 'ended with status 3' said && echo told; backup run -q whole; echo $?; backup list pipe whole | grep -c whole; backup list pipe whole | grep -c pipe
            """);
        Assert.Equal("1\ntold\n0\n1\n0\n", result.Output + result.Errors);
    }

    [Fact]
    public void what_need_not_be_kept_goes_as_restic_would_have_it()
    {
        ShellResult result = Run("""
            backup init -q
            # Snapshots over two years, by restic, since it can say when.
            for i in $(seq 20); do restic -q -r near --password-file near.key backup --tag source=files --time "$(date -d @$((1795784829 - i * i * 52 * 3600)) '+%F %T')" src/deep; done
            # Another machine's only one stays, as restic has it.
            restic -q -r near --password-file near.key backup --tag source=files --host elsewhere --time '2020-01-01 00:00:00' src/deep
            keep='last = 2\nhourly = 2\ndaily = 5\nweekly = 4\nmonthly = 6\nyearly = 3'
            printf "[copies.near.keep]\n$keep\n" >>jumpbag.toml
            restic -q -r near --password-file near.key forget --dry-run --json --group-by host --keep-last 2 --keep-hourly 2 --keep-daily 5 --keep-weekly 4 --keep-monthly 6 --keep-yearly 3 | python3 -c 'import json,sys; print("\n".join(sorted(s["short_id"] for group in json.load(sys.stdin) for s in group["remove"] or [])))' >theirs
            backup forget files --copy near --dry-run | awk '/would go/ {print $3}' | sort | diff theirs - && echo alike; wc -l <theirs | awk '{print ($1 > 4)}'
            backup forget -q files --copy near >/dev/null; restic -q -r near --password-file near.key snapshots --json | python3 -c 'import json,sys; print(len(json.load(sys.stdin)))' >left; wc -l <theirs | awk -v left=$(cat left) '{print $1 + left}'
            # Data that nothing needs goes, and what is needed stays.
            restic -q -r near --password-file near.key backup --tag other src; restic -q -r near --password-file near.key forget --tag other --keep-last 1 >/dev/null; restic -q -r near --password-file near.key forget $(restic -q -r near --password-file near.key snapshots --tag other --json | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["id"])')
            before=$(du -sb near | cut -f1); backup prune near --dry-run 2>said; [ $(du -sb near | cut -f1) = $before ] && echo untouched; backup prune -q near; echo $?; [ $(du -sb near | cut -f1) -lt $((before / 10)) ] && echo smaller; judge near
            # While restic works on it nobody prunes.
            restic -q -r near --password-file near.key backup --tag slow --stdin < <(echo begun; sleep 4) & sleep 2; backup prune -q near 2>said; echo $?; grep -c 'is locked by' said; wait; judge near
            # What is damaged is not pruned.
            rm $(find near/data -type f | head -1); backup prune -q near 2>said; echo $?
            """);
        Assert.Equal("alike\n1\n21\nuntouched\n0\nsmaller\nnear good\n1\n1\nnear good\n1\n", result.Output + result.Errors);
    }

    [Fact]
    public void status_policy_card_and_schedule_say_how_things_stand()
    {
        ShellResult result = Run("""
            backup policy >said 2>&1; echo $?; grep -c 'no repository there' said
            backup init -q; backup run -q; backup policy >said; echo $?; grep -o '^  [a-z-]*:' said | sort | uniq -c | awk '{print $1 $2}' | tr '\n' ' '; echo
            backup drill -q >drilled; echo $?; grep -c 'each equal to its hash' drilled; backup verify -q --data; echo $?
            backup status --json | python3 -c 'import json,sys; s=json.load(sys.stdin); print(len(s["copies"]), all(c["restoreMeasured"] and c["verified"] and c["age"] < 600 for c in s["copies"]))'
            backup status --prometheus | grep -vc '^#\|^jumpbag_backup_[a-z_]*{[a-z]*="[a-z]*"\(,[a-z]*="[a-z]*"\)*} [0-9.]*$'
            backup verify -q near --canary --json | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["withstoodDeletion"])'; judge near
            backup card | grep -c 'password-file KEY'; CLOUD=secret backup card | grep -c secret
            backup schedule --at 01:15 | grep -c '01:15:00\|^ExecStart'
            printf '[copies.standby]\nprobe = "tcp://127.0.0.1:1"\n' >>jumpbag.toml; backup status | grep -c 'standby (live): NOT WELL'
            """);
        Assert.Equal("1\n6\n1\n2immutable: 2offsite-media: 2offsite-providers: 2other-provider: 6verify: \n0\n6\n0\n6 True\n0\nFalse\nnear good\n6\n0\n7\n1\n", result.Output + result.Errors);
    }

    [Fact]
    public void a_disk_image_is_saved_without_a_mount()
    {
        Require.Tool("mkfs.ext4");
        ShellResult result = Run("""
            truncate -s 60M disk.img; mkfs.ext4 -q -d src disk.img
            printf '[sources.disk]\nimage = "%s"\n' $PWD/disk.img >>jumpbag.toml
            backup init -q; backup run -q disk; echo $?; rm -rf out; jumpbag restore -q disk out; echo $?; rmdir out/lost+found; same src out
            backup run disk 2>said; grep -c '4 files (4 unchanged)' said; judge near
            """);
        Assert.Equal("0\n0\nsame\n1\nnear good\n", result.Output + result.Errors);
    }

    /// <summary>All of what was said is shown where it does not fit.</summary>
    private static void Matches(string pattern, string said) => Assert.True(Regex.IsMatch(said, pattern), said);

    private ShellResult Run(string body)
    {
        Require.Tool("restic");
        return JumpbagProgram.Bash(folder.Path, Script + "\n" + body);
    }
}
