using Jumpbag.Tests.Support;

namespace Jumpbag.Tests.Real.Checking;

/// <summary>
/// What is left when a check or a commit does not come to its end. Where a moment must be met, a script stands in for e2fsck:
/// it writes, says so, and waits.
/// </summary>
public sealed class CheckInterruptionTests : IDisposable
{
    private const string Prepare = """
        export TMPDIR=$PWD PATH=$PWD/bin:$PATH:/usr/sbin LC_ALL=C
        mkdir bin
        cat >bin/e2fsck <<'END'
        #!/bin/bash
        file=${!#}
        printf changed | dd of="$file" bs=1 seek=$((5 << 20)) conv=notrunc,fsync status=none
        echo $$ >checker
        exec sleep 30
        END
        chmod +x bin/e2fsck
        truncate -s 12M i; mke2fs -q -t ext4 i; cp i before
        wait_for() { for i in {1..150}; do [ -e "$1" ] && return; sleep 0.1; done; echo "no $1"; }
        gone() { for i in {1..150}; do "$@" || return 0; sleep 0.1; done; echo "still: $*"; }
        mounted() { grep -q "$PWD" /proc/mounts; }
        runs() { [ -e "/proc/$(cat checker)/fd" ] && ! grep -q 'State:.Z' "/proc/$(cat checker)/status"; }
        after() { gone mounted; gone runs; cmp i before && echo untouched; ls -d jumpbag-fsck-* 2>/dev/null; rm bin/e2fsck checker; }

        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 130)]
    [InlineData("HUP", 130)]
    public void a_signal_ends_the_checker_unmounts_and_leaves_a_usable_overlay(string signal, int status)
    {
        ShellResult result = Bash($$"""
            # Not as a shell's background job, which ignores SIGINT.
            python3 -c 'import signal, os, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' "$BIN" fsck --yes i 2>errors &
            wait_for checker; kill -{{signal}} $!; wait $!; echo $?
            after
            jumpbag fsck --commit --yes i 2>&1 | head -1
            jumpbag fsck --yes i >log 2>&1 </dev/null; echo again $?
            grep -o 'goes on with the overlay' log
            jumpbag fsck --commit --yes i 2>/dev/null; echo committed $?
            dd if=i bs=1 skip=$((5 << 20)) count=7 status=none
            """);
        Assert.Equal($"{status}\nuntouched\njumpbag: i.jumpbag-overlay: the check that made it did not come to its end\nagain 0\ngoes on with the overlay\ncommitted 0\nchanged", result.Output);
        Assert.Contains("was interrupted; the overlay i.jumpbag-overlay has what was done so far: 1 block", File.ReadAllText(folder.File("errors")));
    }

    [Fact]
    public void killed_the_program_leaves_no_mount_no_checker_and_a_consistent_overlay()
    {
        ShellResult result = Bash("""
            jumpbag fsck --yes i </dev/null >/dev/null 2>&1 & wait_for checker
            kill -9 $(pgrep -P $!) $! 2>/dev/null; wait $!
            after
            jumpbag ls --overlay i.jumpbag-overlay i 2>&1 | head -1
            jumpbag fsck --yes i >log 2>&1 </dev/null; echo again $?
            jumpbag ls -q --overlay i.jumpbag-overlay i; cmp i before && echo untouched
            """);
        Assert.Equal("untouched\nwarning: i.jumpbag-overlay: the check that made it did not come to its end: what is read may be half repaired\nagain 0\nlost+found\nuntouched\n",
            string.Concat(result.Output.Split('\n').Where(line => !line.StartsWith("jumpbag-fsck-", StringComparison.Ordinal)).Select(line => line + "\n")).TrimEnd('\n') + "\n");
    }

    /// <summary>The person answers the checker itself, and Ctrl-C goes to it.</summary>
    [Fact]
    public void on_a_terminal_the_checker_asks_the_person()
    {
        Require.Tool("script");
        ShellResult result = Bash("""
            cat >bin/e2fsck <<'END'
            #!/bin/bash
            echo "called $*" | sed 's,/[^ ]*/,,'
            read -r -p 'Fix? ' answer; echo "got $answer"
            printf changed | dd of="${!#}" bs=1 seek=$((5 << 20)) conv=notrunc status=none
            exit 1
            END
            (sleep 1.5; echo y; sleep 1) | script -qec "$BIN fsck i" /dev/null | tr -d '\r'
            cmp i before && echo untouched
            (sleep 1.5; echo n; sleep 1) | script -qec "$BIN fsck --commit i" /dev/null | tr -d '\r' | tail -1
            cmp i before && echo untouched
            (sleep 1.5; echo y; sleep 1) | script -qec "$BIN fsck --commit i" /dev/null >/dev/null
            dd if=i bs=1 skip=$((5 << 20)) count=7 status=none; echo
            sed -i '/^exit/d; s/^read.*/sleep 30/' bin/e2fsck
            (sleep 2; printf '\3'; sleep 1) | script -qec "$BIN fsck i; echo status \$?" /dev/null | tr -d '\r' | tail -1
            gone mounted
            """);
        Assert.Contains("called -f i\n", result.Output);
        Assert.Contains("got y\n", result.Output);
        Assert.Contains("untouched\njumpbag: nothing was written\nuntouched\nchanged\nstatus 130\n", result.Output);
    }

    /// <summary>Killed at each of the first writes to the disk in turn: run again it is finished, or undone.</summary>
    [Fact]
    public void a_commit_that_was_killed_is_finished_or_undone()
    {
        Require.Tool("strace");
        ShellResult result = Bash("""
            rm bin/e2fsck
            debugfs -w -R 'clri <2>' i 2>/dev/null; cp i before
            jumpbag fsck --yes i >/dev/null 2>&1 </dev/null || echo failed
            cp i.jumpbag-overlay kept
            n=$(jumpbag fsck --commit --dry-run i 2>&1 | sed -n 's/^i: \([0-9]*\) blocks.*/\1/p')
            # The undo file takes a header, two writes for each block and two for its end; then each block is written.
            jumpbag fsck --commit --yes i 2>/dev/null; cp i after; rm i.jumpbag-undo
            cmp -s before after && echo nothing changed
            for at in 1 2 5 $((2 * n)) $((2 * n + 5)) $((3 * n)) $((3 * n + 3)); do
              for end in finish undo; do
                cp before i; cp kept i.jumpbag-overlay; rm -f i.jumpbag-undo
                strace -f -qq -e trace=pwrite64 -e inject=pwrite64:signal=KILL:when=$at -o trace "$BIN" fsck --commit --yes i >/dev/null 2>&1 && echo "$at: not killed"
                if [ $end = finish ]; then
                  jumpbag fsck --commit --yes i 2>log || cat log; cmp i after || echo "$at: not finished"
                  jumpbag fsck --undo --yes i 2>log || cat log; cmp i before || echo "$at: not undone after it was finished"
                elif grep -q '/i>' trace || ! cmp -s i before; then
                  jumpbag fsck --undo --yes i 2>log || cat log; cmp i before || echo "$at: not undone"
                  echo half >>halves
                else
                  cmp i before
                fi
              done
            done
            [ -s halves ] && echo done
            """);
        Assert.Equal("done\n", result.Output);
    }

    [Fact]
    public void a_full_disk_is_told_and_the_image_is_untouched()
    {
        Require.Root();
        ShellResult result = Bash("""
            rm bin/e2fsck; mkdir small; mount -t tmpfs -o size=200k none small || exit 70
            debugfs -w -R 'clri <2>' i 2>/dev/null
            sed -i 's/x/x/' /dev/null; cat >bin/e2fsck <<'END'
            #!/bin/bash
            head -c 2M /dev/urandom | dd of="${!#}" bs=64k seek=10 conv=notrunc,fsync status=none || exit 8
            END
            chmod +x bin/e2fsck; cp i before
            jumpbag fsck --yes --overlay small/o i >/dev/null </dev/null; echo $?
            umount small; cmp i before && echo untouched; gone mounted
            """);
        Assert.Equal("1\nuntouched\n", result.Output);
        Assert.Contains("small/o: cannot be written: no space left on device", result.Errors);
    }

    private ShellResult Bash(string script)
    {
        Require.Tool("e2fsck");
        Require.Tool("python3");
        ShellResult result = JumpbagProgram.Bash(folder.Path, Prepare + script);
        TestContext.Current.TestOutputHelper?.WriteLine(result.Output + result.Errors);
        return result;
    }
}
